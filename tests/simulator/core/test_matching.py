"""How orders meet: price and time, complementary, mint and merge, dollars and shares, the house's quotes."""

import pytest
from simvenue import Venue, levels, market

from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.model import (
    BookReplaced,
    CancelRefused,
    LastTrade,
    LevelsChanged,
    OrderChange,
    OrderChanged,
    OrderRefused,
    OrderStatus,
    TradeChanged,
)
from polybot.simulator.engine.moves import Move, PositionsMoved


@pytest.fixture
def venue() -> Venue:
    made = Venue()
    made.quote(bids=levels(("0.39", "100"), ("0.38", "50")), asks=levels(("0.41", "10"), ("0.42", "100")))
    return made


def test_both_tokens_show_one_book(venue: Venue) -> None:
    assert [str(level.price) for level in venue.exchange.book(venue.yes).asks] == ["0.41", "0.42"]
    assert [str(level.price) for level in venue.exchange.book(venue.no).bids] == ["0.59", "0.58"]
    assert [str(level.size) for level in venue.exchange.book(venue.no).asks] == ["100", "50"]


def test_buy_bounded_by_dollars_gets_more_shares_at_a_better_price(venue: Venue) -> None:
    ann = venue.wallet("ann")
    placed = venue.place(venue.order(ann, Side.BUY, 8_400_000, 20_000_000))  # 20 at 0.42
    trade = venue.exchange.trade(placed.trades[0])
    assert trade is not None
    assert [(str(leg.price), str(leg.shares)) for leg in trade.legs] == [("0.41", "10"), ("0.42", "10.23")]
    assert placed.got == Shares.parse("20.23").micro
    assert placed.order.status is OrderStatus.MATCHED


def test_fee_is_charged_per_leg_on_top_of_a_buy_and_out_of_a_sale(venue: Venue) -> None:
    ann = venue.wallet("ann")
    venue.place(venue.order(ann, Side.BUY, 4_100_000, 10_000_000))
    fee = Usdc.parse("0.09676")  # 10 x 0.04 x 0.41 x 0.59
    assert ann.cash == Usdc.parse("995.9") - fee
    venue.place(venue.order(ann, Side.SELL, 10_000_000, 3_900_000))
    assert ann.cash == Usdc.parse("999.8") - fee - Usdc.parse("0.09516")
    assert venue.exchange.accounts.fees.cash == fee + Usdc.parse("0.09516")


def test_resting_orders_of_one_price_are_filled_in_order_of_arrival_and_pay_nothing(venue: Venue) -> None:
    ann, bob, cat = venue.wallet("ann", yes="50"), venue.wallet("bob", yes="50"), venue.wallet("cat")
    venue.place(venue.limit(ann, Side.SELL, "0.4", "10"))
    second = venue.place(venue.limit(bob, Side.SELL, "0.4", "10"))
    venue.place(venue.order(cat, Side.BUY, 6_000_000, 15_000_000))
    assert ann.cash == Usdc.parse("1004")
    assert bob.cash == Usdc.parse("1002")
    report = venue.exchange.order(second.order.id)
    assert report is not None
    assert (report.status, report.matched) == (OrderStatus.LIVE, Shares.parse("5"))


def test_an_order_queues_behind_the_house_that_was_there_before_it(venue: Venue) -> None:
    ann, bob = venue.wallet("ann"), venue.wallet("bob", yes="200")
    resting = venue.place(venue.limit(ann, Side.BUY, "0.39", "10"))
    venue.place(venue.order(bob, Side.SELL, 100_000_000, 39_000_000))
    behind = venue.exchange.order(resting.order.id)
    assert behind is not None
    assert not behind.matched
    venue.place(venue.order(bob, Side.SELL, 10_000_000, 3_900_000))
    assert ann.held(venue.yes) == Shares.parse("10")


def test_two_buyers_of_both_outcomes_mint_a_pair() -> None:
    venue = Venue()
    ann, bob = venue.wallet("ann"), venue.wallet("bob")
    venue.place(venue.limit(ann, Side.BUY, "0.6", "10", token=venue.no))
    placed = venue.place(venue.order(bob, Side.BUY, 4_000_000, 10_000_000, token=venue.yes))
    trade = venue.exchange.trade(placed.trades[0])
    assert trade is not None
    assert (trade.legs[0].token, trade.legs[0].side, trade.legs[0].price) == (venue.no, Side.BUY, Price.parse("0.6"))
    assert (ann.held(venue.no), bob.held(venue.yes)) == (Shares.parse("10"), Shares.parse("10"))
    assert ann.cash == Usdc.parse("994")


def test_two_sellers_of_both_outcomes_merge_a_pair() -> None:
    venue = Venue()
    ann, bob = venue.wallet("ann"), venue.wallet("bob")
    venue.place(venue.limit(ann, Side.BUY, "0.6", "10", token=venue.no))
    venue.place(venue.order(bob, Side.BUY, 4_000_000, 10_000_000))
    venue.place(venue.limit(ann, Side.SELL, "0.7", "10", token=venue.no))
    venue.place(venue.order(bob, Side.SELL, 10_000_000, 3_000_000))
    assert ann.cash == Usdc.parse("1001")
    assert not ann.held(venue.no)


def test_fok_takes_all_or_nothing(venue: Venue) -> None:
    ann = venue.wallet("ann")
    with pytest.raises(OrderRefused, match="FOK orders are fully filled or killed"):
        venue.place(venue.order(ann, Side.BUY, 82_000_000, 200_000_000, tif=TimeInForce.FOK))
    assert ann.cash == Usdc.parse("1000")


def test_fak_takes_what_is_there_and_cancels_the_rest(venue: Venue) -> None:
    placed = venue.place(venue.order(venue.wallet("ann"), Side.BUY, 8_200_000, 20_000_000))
    assert (placed.order.status, placed.order.matched) == (OrderStatus.CANCELED, Shares.parse("10"))


def test_crossing_gtc_takes_first_and_rests_with_what_is_left(venue: Venue) -> None:
    ann = venue.wallet("ann")
    placed = venue.place(venue.limit(ann, Side.BUY, "0.41", "25"))
    assert placed.order.status is OrderStatus.LIVE
    assert str(venue.exchange.book(venue.yes).bids[0]) == str(levels(("0.41", "15"))[0])
    assert ann.reserved_cash_micro == Usdc.parse("6.15").micro


def test_gtd_expires_a_minute_early(venue: Venue) -> None:
    ann = venue.wallet("ann")
    due_s = venue.exchange.now_ns // 10**9 + 200
    placed = venue.place(venue.limit(ann, Side.BUY, "0.3", "10", tif=TimeInForce.GTD, expiration_s=due_s))
    venue.later(139)
    assert venue.exchange.orders_of(ann.owner)
    venue.later(1)
    ended = venue.exchange.order(placed.order.id)
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED_EXPIRED_ORDER
    assert not ann.reserved_cash_micro


def test_only_the_owner_cancels_and_only_once(venue: Venue) -> None:
    ann, bob = venue.wallet("ann"), venue.wallet("bob")
    order = venue.place(venue.limit(ann, Side.BUY, "0.3", "10")).order
    with pytest.raises(CancelRefused, match="not found"):
        venue.exchange.cancel(order.id, owner=bob.owner)
    venue.exchange.cancel(order.id, owner=ann.owner)
    with pytest.raises(CancelRefused, match="already canceled"):
        venue.exchange.cancel(order.id, owner=ann.owner)
    assert not ann.reserved_cash_micro


def test_a_new_house_quote_fills_the_orders_it_crosses_at_their_price(venue: Venue) -> None:
    ann = venue.wallet("ann")
    order = venue.place(venue.limit(ann, Side.BUY, "0.35", "20")).order
    venue.quote(bids=levels(("0.30", "100")), asks=levels(("0.33", "8"), ("0.36", "50")))
    report = venue.exchange.order(order.id)
    assert report is not None
    assert report.matched == Shares.parse("8")
    assert ann.cash == Usdc.parse("997.2")
    assert [str(level.price) for level in venue.exchange.book(venue.yes).asks] == ["0.36"]
    assert not venue.exchange.imbalance()


def test_taken_house_size_comes_back_only_with_the_next_book(venue: Venue) -> None:
    venue.place(venue.order(venue.wallet("ann"), Side.BUY, 4_100_000, 10_000_000))
    assert str(venue.exchange.book(venue.yes).asks[0].price) == "0.42"
    venue.quote(bids=levels(("0.39", "100")), asks=levels(("0.41", "10")))
    assert str(venue.exchange.book(venue.yes).asks[0].price) == "0.41"


def test_a_crossed_recorded_book_breaks_nothing() -> None:
    venue = Venue()
    venue.quote(bids=levels(("0.55", "10")), asks=levels(("0.45", "10")), token=venue.no)
    ann = venue.wallet("ann")
    venue.place(venue.order(ann, Side.BUY, 2_250_000, 5_000_000, token=venue.no))
    assert ann.held(venue.no) == Shares.parse("5")


def test_events_tell_a_match_in_order(venue: Venue) -> None:
    venue.events.clear()
    venue.place(venue.order(venue.wallet("ann"), Side.BUY, 4_100_000, 10_000_000))
    kinds = [type(event) for event in venue.events]
    assert kinds == [OrderChanged, TradeChanged, LevelsChanged, LastTrade, OrderChanged]
    [changed] = [event for event in venue.events if isinstance(event, LevelsChanged)]
    assert [(c.token, c.side, str(c.price), str(c.size)) for c in changed.changes] == [
        (venue.yes, Side.SELL, "0.41", "0"),
        (venue.no, Side.BUY, "0.59", "0"),
    ]


def test_a_book_replacement_is_one_event(venue: Venue) -> None:
    venue.events.clear()
    venue.quote(bids=levels(("0.3", "1")), asks=())
    assert [type(event) for event in venue.events] == [BookReplaced]


def test_resolution_cancels_pays_winners_and_closes(venue: Venue) -> None:
    ann, bob = venue.wallet("ann", yes="30"), venue.wallet("bob", no="20")
    resting = venue.place(venue.limit(ann, Side.SELL, "0.9", "10")).order
    venue.exchange.resolve(venue.market.condition, winner=venue.yes)
    assert (ann.cash, ann.held(venue.yes)) == (Usdc.parse("1000"), Shares.parse("30"))
    ended = venue.exchange.order(resting.id)
    assert ended is not None
    assert ended.status is OrderStatus.CANCELED_MARKET_RESOLVED
    assert not venue.exchange.imbalance()
    with pytest.raises(OrderRefused, match="No orderbook"):
        venue.place(venue.limit(ann, Side.BUY, "0.5", "10"))
    venue.later(10)
    assert (ann.cash, bob.cash) == (Usdc.parse("1030"), Usdc.parse("1000"))
    assert bob.held(venue.no) == Shares.parse("20"), "what is worth nothing nobody redeems for them"
    assert not venue.exchange.imbalance()
    [redeemed] = [event.row for event in venue.events if isinstance(event, PositionsMoved)]
    assert (redeemed.wallet, redeemed.kind, redeemed.usdc) == (ann.wallet, Move.REDEEM, Usdc.parse("30"))


def test_a_retick_lets_finer_prices_in() -> None:
    venue = Venue(market(tick="0.01"))
    venue.exchange.set_tick(venue.market.condition, Price.parse("0.001"))
    placed = venue.place(venue.limit(venue.wallet("ann"), Side.BUY, "0.975", "10"))
    assert placed.order.price == Price.parse("0.975")


def test_order_events_name_the_change(venue: Venue) -> None:
    ann = venue.wallet("ann")
    order = venue.place(venue.limit(ann, Side.BUY, "0.3", "10")).order
    venue.exchange.cancel(order.id, owner=ann.owner)
    changes = [event.change for event in venue.events if isinstance(event, OrderChanged)]
    assert changes == [OrderChange.PLACEMENT, OrderChange.CANCELLATION]
