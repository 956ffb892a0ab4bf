"""What the venue says of a trade against what truly changed hands, to the micro-unit."""

import hashlib
from decimal import Decimal
from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybot.core.fees import taker_fee
from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc, cost_ceil
from polybot.core.orders import OurFill, SignatureType, TimeInForce, TradeStatus
from polybot.polymarket.rest.models import MakerRow, TradeRow
from polybot.polymarket.token_ids import ctf_token_id
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.ledger import TrueFill
from polybot.simulator.engine.model import NewOrder, OrderRefused
from polybot.simulator.wire.orders import trade_event, trade_row
from polybot.venues.trade_fills import our_fills

NOW_NS = 1_795_000_000_000_000_000
CONDITION = ConditionId("0x" + hashlib.sha256(b"a market").hexdigest())
YES, NO = (ctf_token_id(CONDITION, outcome=i, neg_risk=False) for i in (0, 1))
FEE = FeeSchedule(rate=Ratio.parse("0.04"))
MARKET = Market(
    condition=CONDITION,
    slug="a-market",
    question="A market?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(YES, "Yes"), Outcome(NO, "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=FEE,
    accepting_orders=True,
    closed=False,
)


def maker(price: str, shares: str, *, token: TokenId = YES, side: str = "SELL", owner: str = "someone") -> MakerRow:
    order = hashlib.sha256(f"{price}{shares}{token}{owner}".encode()).hexdigest()
    return MakerRow(f"0x{order}", owner, Decimal(shares), Decimal(price), token, side)  # type: ignore[arg-type]


def trade(*makers: MakerRow, side: str = "BUY", size: str, price: str = "0.5", **other: str) -> TradeRow:
    row = {
        "id": "t1",
        "taker_order_id": "0xAB",
        "market": CONDITION,
        "asset_id": YES,
        "side": side,
        "size": size,
        "price": price,
        "status": "TRADE_STATUS_MATCHED",
        "owner": "us",
        "match_time": "1795000000",
        "trader_side": "TAKER",
        **other,
    }
    return msgspec.structs.replace(msgspec.convert(row, TradeRow, strict=False), maker_orders=makers)


def read(row: TradeRow) -> list[OurFill]:
    return our_fills(row, api_key="us", fee_of=lambda _: FEE, now_ns=NOW_NS)


def test_a_taker_pays_each_maker_s_price_and_a_fee_for_each_level() -> None:
    (fill,) = read(trade(maker("0.5", "10.01"), maker("0.53", "7.03"), size="17.04"))
    levels = [(Shares.parse("10.01"), Price.parse("0.5")), (Shares.parse("7.03"), Price.parse("0.53"))]
    assert fill.usdc == cost_ceil(*levels[0]) + cost_ceil(*levels[1])
    assert fill.fee == taker_fee(*levels[0], FEE) + taker_fee(*levels[1], FEE)
    assert (fill.order, fill.shares, fill.maker) == ("0xab", Shares.parse("17.04"), False)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_maker_of_the_other_outcome_is_met_at_the_complement(side: str) -> None:
    (fill,) = read(trade(maker("0.4", "10", token=NO, side=side), side=side, size="10"))
    assert fill.usdc == Usdc.parse("6")
    assert (fill.token, fill.side) == (YES, side)


def test_makers_that_do_not_add_up_leave_the_top_level_to_speak() -> None:
    (fill,) = read(trade(maker("0.4", "3"), size="10", price="0.45"))
    assert (fill.shares, fill.usdc) == (Shares.parse("10"), Usdc.parse("4.5"))


def test_as_a_maker_only_our_own_entries_count_free_of_fee() -> None:
    mine = [maker("0.4", "3", owner="us"), maker("0.6", "4", token=NO, side="BUY", owner="us")]
    fills = read(trade(maker("0.4", "9"), *mine, size="16", trader_side="MAKER", owner="someone"))
    assert [(f.token, f.side, f.usdc, f.fee, f.maker) for f in fills] == [
        (YES, Side.SELL, Usdc.parse("1.2"), Usdc(0), True),
        (NO, Side.BUY, Usdc.parse("2.4"), Usdc(0), True),
    ]


@pytest.mark.parametrize(("owner", "count_of_ours"), [("us", 1), ("someone", 0)])
def test_without_a_named_side_the_taker_s_key_decides(owner: str, count_of_ours: int) -> None:
    fills = read(trade(maker("0.5", "10"), size="10", trader_side="", owner=owner))
    assert [f.maker for f in fills] == [False] * count_of_ours


def test_a_status_that_is_not_known_is_refused_and_not_broadcast_yet_is_matched() -> None:
    with pytest.raises(ValueError, match="PONDERING"):
        read(trade(maker("0.5", "1"), size="1", status="PONDERING"))
    (fill,) = read(trade(maker("0.5", "1"), size="1", status="TRADE_STATUS_MATCHED_NOT_BROADCASTED"))
    assert fill.status is TradeStatus.MATCHED


class Floor:
    """A taker called us, and makers, on the simulator's exchange."""

    def __init__(self) -> None:
        self.exchange = Exchange(now_ns=NOW_NS)
        self.exchange.list_market(MARKET)
        self.us, *self.makers = (self._open(name) for name in ("us", "ann", "bob"))
        self._ids = count(1)

    def _open(self, name: str) -> Account:
        eoa = Wallet("0x" + hashlib.sha256(name.encode()).hexdigest()[:40])
        account = self.exchange.accounts.open(
            owner=eoa, signature_type=SignatureType.POLY_1271, cash=Usdc.parse("100000")
        )
        for token in (YES, NO):
            self.exchange.grant(account, token, Shares.parse("10000"))
        return account

    def place(self, who: Account, side: Side, *, cents: int, shares: str, token: TokenId, tif: TimeInForce) -> None:
        size, price = Shares.parse(shares), Price(cents * 10_000)
        dollars = cost_ceil(size, price).micro
        making, taking = (dollars, size.micro) if side is Side.BUY else (size.micro, dollars)
        order = OrderId(f"0x{next(self._ids):064x}")
        try:
            self.exchange.place(NewOrder(order, who.owner, who.wallet, token, side, making, taking, tif))
        except OrderRefused:
            return

    def ours(self, *, socket: bool) -> list[OurFill]:
        wire = trade_event if socket else trade_row
        rows = [
            msgspec.convert(
                wire(sim, market=MARKET, key_of=str, viewer=self.us.owner), TradeRow, strict=False, str_keys=True
            )
            for sim in self.exchange.trades_of(self.us.owner)
        ]
        return [
            fill for row in rows for fill in our_fills(row, api_key=self.us.owner, fee_of=lambda _: FEE, now_ns=NOW_NS)
        ]


Facts = tuple[str, str, str, str, int, int, int]


def facts(fill: OurFill | TrueFill) -> Facts:
    return (fill.trade, fill.order, fill.token, fill.side, fill.shares.micro, fill.usdc.micro, fill.fee.micro)


ORDERS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(Side),
    st.integers(30, 70),
    st.integers(500, 3000),
    st.sampled_from([YES, NO]),
    st.sampled_from([TimeInForce.GTC, TimeInForce.FAK]),
)


@given(orders=st.lists(ORDERS, min_size=4, max_size=14))
@settings(max_examples=60, deadline=None)
def test_what_is_read_is_what_changed_hands(orders: list[tuple[int, Side, int, int, TokenId, TimeInForce]]) -> None:
    floor = Floor()
    people = [floor.us, *floor.makers]
    for who, side, cents, hundredths, token, tif in orders:
        floor.place(people[who], side, cents=cents, shares=str(Decimal(hundredths) / 100), token=token, tif=tif)
    truth = sorted(facts(f) for f in floor.exchange.ledger().fills if f.wallet == floor.us.wallet)
    assert sorted(map(facts, floor.ours(socket=False))) == truth
    assert sorted(map(facts, floor.ours(socket=True))) == truth
