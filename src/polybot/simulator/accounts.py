"""Wallets of the simulated venue: cash, outcome shares, allowances, and who may trade for them."""

from collections.abc import Iterator

from polybot.core.ids import TokenId, Wallet
from polybot.core.money import Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.model import Restriction

UNLIMITED = (1 << 256) - 1


class Account:
    """One wallet. `owner` is the EOA that signs for it. Amounts are micro-units, addresses lower case.

    `allowances` are pUSD by spender; `operators` may move its outcome shares.
    """

    __slots__ = (
        "allowances",
        "cash_micro",
        "deposited_micro",
        "held_micro",
        "name",
        "operators",
        "owner",
        "reserved_cash_micro",
        "reserved_shares_micro",
        "restriction",
        "signature_type",
        "wallet",
    )

    def __init__(self, *, wallet: Wallet, owner: Wallet, signature_type: SignatureType, name: str) -> None:
        self.wallet = wallet
        self.owner = owner
        self.signature_type = signature_type
        self.name = name
        self.restriction = Restriction.NONE
        self.cash_micro = 0
        self.deposited_micro = 0
        self.held_micro: dict[TokenId, int] = {}
        self.reserved_cash_micro = 0
        self.reserved_shares_micro: dict[TokenId, int] = {}
        self.allowances: dict[str, int] = {}
        self.operators: set[str] = set()

    @property
    def cash(self) -> Usdc:
        """Counts matched trades at once, mined or not; what open orders reserve is still in it."""
        return Usdc(self.cash_micro)

    def held(self, token: TokenId) -> Shares:
        return Shares(self.held_micro.get(token, 0))


class Accounts:
    """All wallets, the house's and the fee collector's included."""

    def open(self, *, owner: Wallet, signature_type: SignatureType, name: str = "", cash: Usdc = Usdc(0)) -> Account:
        """The wallet that Polymarket derives for this EOA and type, funded and fully approved; idempotent but
        for `cash`, which is paid in each time."""
        raise NotImplementedError

    def find(self, wallet: Wallet) -> Account | None:
        raise NotImplementedError

    def owned_by(self, owner: Wallet) -> list[Account]:
        """The wallets this EOA signs for."""
        raise NotImplementedError

    def deposit(self, account: Account, amount: Usdc) -> None:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Account]:
        raise NotImplementedError
