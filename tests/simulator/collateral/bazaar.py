"""A venue with a market of every kind, and people who trade there."""

import hashlib
from collections.abc import Iterable

from polybot.core.book import Level
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.token_ids import ctf_token_id, neg_risk_condition, v2_position_id
from polybot.simulator.desk import Desk
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.meddler import WHOLE, Fate
from polybot.simulator.engine.model import Event, NewOrder, Placement, SimTrade
from polybot.simulator.engine.moves import GroupId, MoveRow, PositionsMoved
from polybot.simulator.engine.rules import Rules

START_NS = 1_795_000_000_000_000_000
STANDARD = ConditionId("0x" + hashlib.sha256(b"standard").hexdigest())
GROUP = GroupId(f"0x{hashlib.sha256(b'group').hexdigest()[:62]}00")
QUESTIONS = tuple(neg_risk_condition(GROUP, index=n) for n in range(3))
POSITIONS = tuple(v2_position_id(module=1, base_hash=b"\x33" * 16, outcome=n) for n in (0, 1))
V2 = ConditionId(f"0x{int(POSITIONS[0]) >> 8:062x}00")
CONDITIONS = (STANDARD, *QUESTIONS, V2)


def make_market(condition: ConditionId, *, rate: str = "0.05", tick: str = "0.01") -> Market:
    neg_risk = condition in QUESTIONS
    tokens = [
        POSITIONS[n] if condition == V2 else ctf_token_id(condition, outcome=n, neg_risk=neg_risk) for n in (0, 1)
    ]
    return Market(
        condition=condition,
        slug=condition[2:8],
        question="?",
        version=MarketVersion.V2 if condition == V2 else MarketVersion.V1,
        neg_risk=neg_risk,
        outcomes=(Outcome(tokens[0], "Yes"), Outcome(tokens[1], "No")),
        tick=Price.parse(tick),
        min_order=Shares.parse("5"),
        fee=FeeSchedule(rate=Ratio.parse(rate)),
        accepting_orders=True,
        closed=False,
    )


class Whims:
    """Decides how many of the next trades fail for good."""

    def __init__(self) -> None:
        self.failing = 0

    def fate(self, trade: SimTrade) -> Fate:
        fails = self.failing > 0
        self.failing -= fails
        return Fate(retries=int(fails), fails=fails)

    def share(self, order: NewOrder) -> Ratio:
        return WHOLE


class Bazaar:
    def __init__(self, *, rules: Rules | None = None, rate: str = "0.05") -> None:
        self.exchange = Exchange(now_ns=START_NS, rules=rules or Rules())
        self.whims = self.exchange.meddler = Whims()
        self.desk = Desk(self.exchange, seed=0)
        self.events: list[Event] = []
        self.exchange.subscribe(self.events.append)
        for condition in CONDITIONS:
            index = QUESTIONS.index(condition) if condition in QUESTIONS else 0
            group = GROUP if condition in QUESTIONS else GroupId("")
            self.exchange.list_market(make_market(condition, rate=rate), group=group, index=index)

    def wallet(self, name: str, *, cash: str = "1000", kind: SignatureType = SignatureType.POLY_1271) -> Account:
        owner = Wallet("0x" + hashlib.sha256(name.encode()).hexdigest()[:40])
        return self.exchange.accounts.open(owner=owner, signature_type=kind, name=name, cash=Usdc.parse(cash))

    def tokens(self, condition: ConditionId) -> tuple[TokenId, TokenId]:
        market = self.exchange.market(condition)
        assert market is not None
        first, second = market.outcomes
        return first.token, second.token

    def quote(self, token: TokenId, *, bids: Iterable[Level] = (), asks: Iterable[Level] = ()) -> None:
        self.exchange.set_house_book(token, bids=bids, asks=asks)

    def trade(
        self,
        who: Account,
        side: Side,
        token: TokenId,
        *,
        size: str | None = None,
        amount: str | None = None,
        price: str | None = None,
        tif: TimeInForce = TimeInForce.GTC,
    ) -> Placement:
        return self.desk.trade(
            trader=who.wallet,
            token=token,
            side=side,
            size=Shares.parse(size) if size else None,
            amount=Usdc.parse(amount) if amount else None,
            price=Price.parse(price) if price else None,
            tif=tif,
        )

    def later(self, seconds: float) -> None:
        self.exchange.advance(self.exchange.now_ns + round(seconds * 1e9))

    def rows(self) -> list[MoveRow]:
        return [event.row for event in self.events if isinstance(event, PositionsMoved)]


def levels(*pairs: tuple[str, str]) -> list[Level]:
    return [Level(Price.parse(price), Shares.parse(size)) for price, size in pairs]
