"""Building blocks for tests of the simulated venue."""

import hashlib
from collections.abc import Iterable
from itertools import count

from polybot.core.book import Level
from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc, cost_ceil
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.token_ids import ctf_token_id
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Event, NewOrder, Placement

START_NS = 1_795_000_000_000_000_000
CONDITION = ConditionId("0x" + hashlib.sha256(b"a market").hexdigest())


def market(
    *, neg_risk: bool = False, tick: str = "0.01", rate: str = "0.04", condition: ConditionId = CONDITION
) -> Market:
    tokens = [ctf_token_id(condition, outcome=i, neg_risk=neg_risk) for i in (0, 1)]
    return Market(
        condition=CONDITION,
        slug="a-market",
        question="A market?",
        version=MarketVersion.V1,
        neg_risk=neg_risk,
        outcomes=(Outcome(tokens[0], "Yes"), Outcome(tokens[1], "No")),
        tick=Price.parse(tick),
        min_order=Shares.parse("5"),
        fee=FeeSchedule(rate=Ratio.parse(rate)),
        accepting_orders=True,
        closed=False,
    )


def levels(*pairs: tuple[str, str]) -> list[Level]:
    return [Level(Price.parse(price), Shares.parse(size)) for price, size in pairs]


def eoa(name: str) -> Wallet:
    return Wallet("0x" + hashlib.sha256(name.encode()).hexdigest()[:40])


class Venue:
    def __init__(self, listed: Market | None = None) -> None:
        self.market = listed or market()
        self.exchange = Exchange(now_ns=START_NS)
        self.events: list[Event] = []
        self.exchange.list_market(self.market)
        self.exchange.subscribe(self.events.append)
        self.yes: TokenId = self.market.outcomes[0].token
        self.no: TokenId = self.market.outcomes[1].token
        self._ids = count(1)

    def wallet(
        self,
        name: str,
        *,
        cash: str = "1000",
        kind: SignatureType = SignatureType.POLY_1271,
        yes: str = "0",
        no: str = "0",
    ) -> Account:
        account = self.exchange.accounts.open(owner=eoa(name), signature_type=kind, name=name, cash=Usdc.parse(cash))
        for token, shares in ((self.yes, yes), (self.no, no)):
            if Shares.parse(shares):
                self.exchange.grant(account, token, Shares.parse(shares))
        return account

    def quote(self, *, bids: Iterable[Level] = (), asks: Iterable[Level] = (), token: TokenId | None = None) -> None:
        self.exchange.set_house_book(token or self.yes, bids=bids, asks=asks)

    def limit(
        self,
        who: Account,
        side: Side,
        price: str,
        shares: str,
        *,
        token: TokenId | None = None,
        tif: TimeInForce = TimeInForce.GTC,
        expiration_s: int = 0,
        post_only: bool = False,
    ) -> NewOrder:
        size, dollars = Shares.parse(shares), cost_ceil(Shares.parse(shares), Price.parse(price))
        making, taking = (dollars.micro, size.micro) if side is Side.BUY else (size.micro, dollars.micro)
        return self.order(
            who, side, making, taking, token=token, tif=tif, expiration_s=expiration_s, post_only=post_only
        )

    def order(
        self,
        who: Account,
        side: Side,
        making: int,
        taking: int,
        *,
        token: TokenId | None = None,
        tif: TimeInForce = TimeInForce.FAK,
        expiration_s: int = 0,
        post_only: bool = False,
    ) -> NewOrder:
        return NewOrder(
            id=OrderId(f"0x{next(self._ids):064x}"),
            owner=who.owner,
            wallet=who.wallet,
            token=token or self.yes,
            side=side,
            making=making,
            taking=taking,
            tif=tif,
            expiration_s=expiration_s,
            post_only=post_only,
        )

    def place(self, order: NewOrder) -> Placement:
        placed = self.exchange.place(order)
        assert not self.exchange.imbalance()
        return placed

    def later(self, seconds: float) -> None:
        self.exchange.advance(self.exchange.now_ns + round(seconds * 1e9))

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]
