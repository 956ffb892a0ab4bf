"""Wallets of the simulated venue: cash, outcome shares, allowances, and who may trade for them."""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from polybot.core.ids import TokenId, Wallet, parse_wallet
from polybot.core.market import Market, Side
from polybot.core.money import ZERO_USDC, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    BINARY_MODULE,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    NEG_RISK_MODULE,
    OFFRAMP,
    ONRAMP,
    POLYGON,
    POSITION_MANAGER,
    ROUTER,
    STANDARD,
    V3,
    exchange_for,
)
from polybot.polymarket.token_ids import decode_position
from polybot.polymarket.wallets import funder_for
from polybot.simulator.engine.model import FEE_COLLECTOR, HOUSE, NOBODY, OUTSIDE, Restriction

UNLIMITED = (1 << 256) - 1
EXCHANGES = tuple(exchange[POLYGON].address.lower() for exchange in (STANDARD, NEG_RISK, V3))
ADAPTER = NEG_RISK_ADAPTER.lower()
SYSTEM = frozenset({HOUSE, FEE_COLLECTOR, OUTSIDE, NOBODY})
CTF = CONDITIONAL_TOKENS.lower()
POSITIONS = POSITION_MANAGER.lower()

_ADAPTERS = (COLLATERAL_ADAPTER, NEG_RISK_COLLATERAL_ADAPTER)
_CTF_OPERATORS = (*EXCHANGES[:2], *_ADAPTERS, AUTO_REDEEMER, BINARY_MODULE, NEG_RISK_MODULE, ADAPTER)
_POSITION_OPERATORS = (ROUTER, EXCHANGES[2], AUTO_REDEEMER)
SPENDERS = tuple(spender.lower() for spender in (*EXCHANGES, ADAPTER, *_ADAPTERS, ROUTER, OFFRAMP))
"""Who may spend the pUSD of a fully approved wallet (official Python client 0.14.0; the retired NegRiskAdapter and
the offramp besides)."""
OPERATORS = tuple(
    (contract, operator.lower())
    for contract, operators in ((CTF, _CTF_OPERATORS), (POSITIONS, _POSITION_OPERATORS))
    for operator in operators
)
"""Contract of the shares, and who may move them for a fully approved wallet."""


class Account:
    """One wallet. `owner` is the EOA that signs for it. Amounts are micro-units, addresses lower case.

    `allowances` are pUSD by spender, `operators` pairs of a share contract and who may move its shares. What open
    orders reserve is still part of `cash_micro` and `held_micro`, and matched trades count at once, mined or not:
    `unmined_*` is what of it the chain does not know yet. The house and the fee collector keep no account of that.
    `deployed`: there is code at the address; without, a wallet can get funds but do nothing.
    """

    __slots__ = (
        "allowances",
        "cash_micro",
        "deployed",
        "deposited_micro",
        "held_micro",
        "name",
        "operators",
        "owner",
        "pol_wei",
        "reserved_cash_micro",
        "reserved_shares_micro",
        "restriction",
        "signature_type",
        "unmined_cash_micro",
        "unmined_micro",
        "usdc_e_allowances",
        "usdc_e_micro",
        "wallet",
    )

    def __init__(self, *, wallet: Wallet, owner: Wallet, signature_type: SignatureType, name: str) -> None:
        self.wallet = wallet
        self.owner = owner
        self.signature_type = signature_type
        self.name = name
        self.restriction = Restriction.NONE
        self.deployed = True
        self.cash_micro = 0
        self.deposited_micro = 0
        self.held_micro: defaultdict[TokenId, int] = defaultdict(int)
        self.reserved_cash_micro = 0
        self.reserved_shares_micro: defaultdict[TokenId, int] = defaultdict(int)
        self.unmined_cash_micro = 0
        self.unmined_micro: defaultdict[TokenId, int] = defaultdict(int)
        self.pol_wei = 0
        self.usdc_e_micro = 0
        self.allowances = dict.fromkeys(SPENDERS, UNLIMITED)
        self.usdc_e_allowances = {ONRAMP.lower(): UNLIMITED}
        self.operators = set(OPERATORS)

    @property
    def cash(self) -> Usdc:
        return Usdc(self.cash_micro)

    def held(self, token: TokenId) -> Shares:
        return Shares(self.held_micro.get(token, 0))

    def may_move(self, token: TokenId, operator: str) -> bool:
        return (share_contract(token), operator) in self.operators

    @property
    def chain_cash_micro(self) -> int:
        """What the chain shows."""
        return self.cash_micro - self.unmined_cash_micro

    def chain_held_micro(self, token: TokenId) -> int:
        """What the chain shows."""
        return self.held_micro.get(token, 0) - self.unmined_micro.get(token, 0)

    def fill(self, token: TokenId, side: Side, *, shares_micro: int, usdc_micro: int, fee_micro: int = 0) -> None:
        """Its half of a trade: USDC for shares or shares for USDC, the fee on top or kept back."""
        sign = 1 if side is Side.BUY else -1
        self.held_micro[token] += sign * shares_micro
        self.cash_micro -= sign * usdc_micro + fee_micro


def share_contract(token: TokenId) -> str:
    return CTF if decode_position(token) is None else POSITIONS


def buy_spenders(market: Market, token: TokenId) -> tuple[str, ...]:
    """Who needs a pUSD allowance for a BUY. The venue still asks for the retired adapter's in neg-risk markets."""
    exchange = exchange_of(token, neg_risk=market.neg_risk)
    return (exchange, ADAPTER) if exchange == NEG_RISK[POLYGON].address.lower() else (exchange,)


@lru_cache(maxsize=10_000)
def exchange_of(token: TokenId, *, neg_risk: bool) -> str:
    """The contract that settles it, in lower case."""
    return exchange_for(token, neg_risk=neg_risk).address.lower()


class Accounts:
    """All wallets, those of SYSTEM included. Cash comes from `OUTSIDE`, so its sum is zero."""

    def __init__(self) -> None:
        self._by_wallet: dict[Wallet, Account] = {}
        self._owners: set[str] = set()
        self.house = self._add(HOUSE, HOUSE, SignatureType.EOA, "")
        self.fees = self._add(FEE_COLLECTOR, FEE_COLLECTOR, SignatureType.EOA, "")
        self.nobody = self._add(NOBODY, NOBODY, SignatureType.EOA, "")
        self._outside = self._add(OUTSIDE, OUTSIDE, SignatureType.EOA, "")

    def open(
        self,
        *,
        owner: Wallet,
        signature_type: SignatureType,
        wallet: Wallet | None = None,
        name: str = "",
        cash: Usdc = ZERO_USDC,
    ) -> Account:
        """The wallet that Polymarket derives for this EOA and type (or `wallet`, an older form of it), funded and
        fully approved; idempotent but for `cash`, which is paid in each time."""
        wallet = wallet or funder_for(owner, signature_type)
        account = self._by_wallet.get(wallet) or self._add(wallet, parse_wallet(owner), signature_type, name)
        self.deposit(account, cash)
        return account

    def adopt(self, wallet: Wallet, *, name: str = "") -> Account:
        """A recorded wallet, whose signer nobody knows; the existing account if there is one."""
        return self._by_wallet.get(wallet) or self._add(wallet, wallet, SignatureType.EOA, name)

    def find(self, wallet: Wallet) -> Account | None:
        return self._by_wallet.get(wallet)

    def owned_by(self, address: str) -> bool:
        """Whether this is an EOA that signs for a wallet."""
        return address in self._owners

    def deposit(self, account: Account, amount: Usdc) -> None:
        """Negative withdraws."""
        account.cash_micro += amount.micro
        account.deposited_micro += amount.micro
        self._outside.cash_micro -= amount.micro

    def deposit_usdc_e(self, account: Account, micro: int) -> None:
        """Negative takes it away."""
        account.usdc_e_micro += micro
        self._outside.usdc_e_micro -= micro

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_wallet.values())

    def _add(self, wallet: Wallet, owner: Wallet, signature_type: SignatureType, name: str) -> Account:
        account = Account(wallet=wallet, owner=owner, signature_type=signature_type, name=name)
        self._by_wallet[wallet] = account
        self._owners.add(owner)
        return account
