"""What a script may do to the venue: open accounts, trade for them, and read the truth."""

import dataclasses
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from polybot.core.amounts import limit_amounts, market_buy_amounts, market_sell_amounts
from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.matching import walk_shares
from polybot.core.money import MICRO, ZERO_SHARES, Price, Ratio, Shares, Usdc, cost_ceil, shares_floor
from polybot.core.orders import Amounts, SignatureType, TimeInForce
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.wallets import checksum, derive_old_deposit
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.ledger import GroundTruth
from polybot.simulator.engine.model import NewOrder, Placement
from polybot.simulator.engine.rules import MARKET_TYPES


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """`wallet` holds the funds, `eoa` signs for it; both checksummed."""

    private_key: str = dataclasses.field(repr=False)
    eoa: str
    wallet: str
    signature_type: SignatureType
    name: str
    balance: Usdc


class Desk:
    """Names things by counting, so that the same script meets the same keys and order ids in every run."""

    def __init__(self, exchange: Exchange, *, seed: int) -> None:
        self._exchange = exchange
        self._seed = seed
        self._made = 0

    def open_account(
        self,
        *,
        signature_type: SignatureType,
        balance: Usdc,
        private_key: str | None = None,
        name: str = "",
        approve: bool = True,
        deployed: bool = True,
        old_form: bool = False,
    ) -> OpenedAccount:
        """The wallet Polymarket would derive for the key; ValueError for a malformed key.

        One that is not `deployed` has no approvals and, unless it is plain, is deployed through the relayer.
        `old_form`: the deposit wallet of accounts made before 2026-06-29.
        """
        key = private_key or "0x" + self._number("key")
        eoa = LocalSigner.from_hex(key).address
        account = self._exchange.accounts.open(
            owner=Wallet(eoa.lower()),
            signature_type=signature_type,
            wallet=derive_old_deposit(eoa) if old_form else None,
            name=name,
            cash=balance,
        )
        account.deployed = deployed or signature_type is SignatureType.EOA
        if not (approve and deployed):
            account.allowances.clear()
            account.usdc_e_allowances.clear()
            account.operators.clear()
        return OpenedAccount(
            private_key=key,
            eoa=eoa,
            wallet=checksum(account.wallet),
            signature_type=signature_type,
            name=name,
            balance=account.cash,
        )

    def trade(
        self,
        *,
        trader: str,
        token: TokenId,
        side: Side,
        size: Shares | None = None,
        amount: Usdc | None = None,
        price: Price | None = None,
        tif: TimeInForce = TimeInForce.FAK,
    ) -> Placement:
        """An order of `trader` (wallet or name) past the signature checks. Without a price: at any price.
        A BUY of `size` that takes is within a cent's worth of it.

        LookupError for an unknown trader or token, OrderRefused as the venue refuses.
        """
        account, market = self.account(trader), self._market(token)
        limit = price or Price(MICRO - market.tick.micro if side is Side.BUY else market.tick.micro)
        if side is Side.BUY and size is not None and tif in MARKET_TYPES:
            # The venue bounds such an order by dollars: at a loose limit they would buy far more shares.
            walk = walk_shares(self._exchange.book(token).asks, side=side, limit=limit, shares=size)
            size, amount, limit = (None, walk.usdc, walk.worst) if walk.worst else (size, amount, limit)
        amounts = _amounts(side=side, tif=tif, limit=limit, tick=market.tick, size=size, amount=amount)
        order = NewOrder(
            id=OrderId("0x" + self._number("order")),
            owner=account.owner,
            wallet=account.wallet,
            token=token,
            side=side,
            making=amounts.making,
            taking=amounts.taking,
            tif=tif,
        )
        return self._exchange.place(order)

    def account(self, trader: str) -> Account:
        """By wallet or name; LookupError if there is none."""
        for account in self._exchange.accounts:
            if trader and trader.lower() in {account.wallet, account.name.lower()}:
                return account
        raise LookupError(f"trader {trader!r} is neither the wallet nor the name of an account: POST /accounts first")

    def _market(self, token: TokenId) -> Market:
        market = self._exchange.market_of(token)
        if market is None:
            raise LookupError(f"token {token!r} is in no market: GET gamma /markets lists them")
        return market

    def _number(self, kind: str) -> str:
        self._made += 1
        return hashlib.blake2b(f"{self._seed}:{kind}:{self._made}".encode(), digest_size=32).hexdigest()


def _amounts(
    *, side: Side, tif: TimeInForce, limit: Price, tick: Price, size: Shares | None, amount: Usdc | None
) -> Amounts:
    """Within the precision the venue accepts for this kind of order."""
    if (size is None) is (amount is None):
        raise ValueError("give either size (shares) or amount (USDC)")
    if side is Side.SELL and size is None:
        raise ValueError("a SELL is given by size (shares), not by amount (USDC)")
    shares = shares_floor(amount, limit) if amount is not None else size or ZERO_SHARES
    if tif not in MARKET_TYPES:
        return limit_amounts(side, price=limit, shares=shares, tick=tick)
    if side is Side.SELL:
        return market_sell_amounts(shares=shares, price=limit, tick=tick)
    spend = amount if amount is not None else cost_ceil(shares, limit)
    return market_buy_amounts(spend=spend, price=limit, tick=tick)


def truth_by_wallet(truth: GroundTruth) -> dict[str, Any]:
    """The ledger as JSON: every amount as exact decimal text."""
    wallets: dict[str, dict[str, Any]] = defaultdict(lambda: {"orders": [], "fills": [], "positions": [], "moves": []})
    for balance in truth.balances:
        wallets[balance.wallet].update(name=balance.name, cash=str(balance.cash), deposited=str(balance.deposited))
    for kind, items in (
        ("orders", truth.orders),
        ("fills", truth.fills),
        ("positions", truth.positions),
        ("moves", truth.moves),
    ):
        for item in items:
            wallets[item.wallet][kind].append(plain(item))
    return {"at_ns": truth.at_ns, "wallets": wallets}


def plain(value: object) -> Any:  # noqa: ANN401 - JSON has no other type
    """Dataclasses as objects, quantities as exact text."""
    match value:
        case Usdc() | Shares() | Price() | Ratio() | Decimal():
            return str(value)
        case Enum():
            return value.value
        case tuple() | list():
            return [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value
