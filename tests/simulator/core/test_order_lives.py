"""What becomes of orders beyond match and rest: held, killed, taken down, filled in part, left over as dust."""

from dataclasses import replace

import pytest
from simvenue import START_NS, Venue, levels, market

from polybot.core.market import Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.simulator.engine.meddler import Fate
from polybot.simulator.engine.model import (
    CancelRefused,
    NewOrder,
    OrderChange,
    OrderChanged,
    OrderKilled,
    OrderRefused,
    OrderReport,
    OrderStatus,
    SimTrade,
    TickChanged,
)
from polybot.simulator.wire.orders import order_event, order_row, placed

BUY, SELL = Side.BUY, Side.SELL
PLACEMENT, UPDATE, CANCELLATION = OrderChange.PLACEMENT, OrderChange.UPDATE, OrderChange.CANCELLATION
S = OrderStatus


class Share:
    """Lets this part of every match happen."""

    def __init__(self, share: str) -> None:
        self._share = Ratio.parse(share)

    def fate(self, trade: SimTrade) -> Fate:
        return Fate()

    def share(self, order: NewOrder) -> Ratio:
        return self._share


@pytest.fixture
def venue() -> Venue:
    return quoted(Venue())


@pytest.fixture
def sports() -> Venue:
    """Marketable orders are held for three seconds."""
    return quoted(Venue(replace(market(), seconds_delay=3)))


def quoted(venue: Venue) -> Venue:
    venue.quote(bids=levels(("0.39", "500")), asks=levels(("0.4", "10"), ("0.41", "500")))
    return venue


def told(venue: Venue, order: NewOrder) -> list[tuple[OrderChange, OrderStatus]]:
    events = [event for event in venue.events if isinstance(event, OrderChanged)]
    return [(event.change, event.order.status) for event in events if event.order.id == order.id]


def now(venue: Venue, order: NewOrder) -> OrderReport:
    found = venue.exchange.order(order.id)
    assert found is not None
    return found


# held


def test_a_marketable_order_is_held_before_it_matches(sports: Venue) -> None:
    ann = sports.wallet("ann")
    order = sports.limit(ann, BUY, "0.41", "20")
    answer = sports.place(order)
    assert (answer.order.status, answer.gave, answer.trades) == (S.DELAYED, 0, ())
    assert placed(answer)["status"] == "delayed"
    assert ann.cash == Usdc.parse("1000")
    sports.later(3)
    assert now(sports, order).status is S.MATCHED
    assert told(sports, order) == [(PLACEMENT, S.DELAYED), (UPDATE, S.MATCHED)]
    assert len(now(sports, order).trades) == 1


def test_an_order_that_would_rest_is_not_held(sports: Venue) -> None:
    assert sports.place(sports.limit(sports.wallet("ann"), BUY, "0.3", "20")).order.status is S.LIVE


def test_a_held_order_cannot_be_cancelled_and_a_resting_one_can(sports: Venue) -> None:
    ann = sports.wallet("ann")
    order = sports.limit(ann, BUY, "0.41", "600")
    sports.place(order)
    with pytest.raises(CancelRefused, match="delayed"):
        sports.exchange.cancel(order.id, owner=ann.owner)
    sports.later(3)
    assert now(sports, order).status is S.LIVE
    sports.exchange.cancel(order.id, owner=ann.owner)
    assert not sports.exchange.imbalance()


def test_a_held_order_that_finds_nothing_any_more_rests(sports: Venue) -> None:
    order = sports.limit(sports.wallet("ann"), BUY, "0.41", "20")
    sports.place(order)
    sports.quote(bids=levels(("0.39", "5")), asks=levels(("0.5", "5")))
    sports.later(3)
    assert told(sports, order) == [(PLACEMENT, S.DELAYED), (UPDATE, S.UNMATCHED)]
    assert now(sports, order).status is S.LIVE
    assert sports.exchange.book(sports.yes).bids[0].price == Price.parse("0.41")


@pytest.mark.parametrize("tif", [TimeInForce.FAK, TimeInForce.FOK])
def test_a_held_order_that_may_not_rest_is_killed(sports: Venue, tif: TimeInForce) -> None:
    order = sports.order(sports.wallet("ann"), BUY, 8_200_000, 20_000_000, tif=tif)
    sports.place(order)
    sports.quote()
    sports.later(3)
    assert told(sports, order) == [(PLACEMENT, S.DELAYED), (UPDATE, S.UNMATCHED), (CANCELLATION, S.CANCELED)]
    assert "filled or killed" in now(sports, order).reason


def test_its_price_is_checked_again_when_it_is_let_go(sports: Venue) -> None:
    ann = sports.wallet("ann")
    order = sports.limit(ann, BUY, "0.41", "20")
    sports.place(order)
    sports.later(2)
    sports.exchange.set_tick(sports.market.condition, Price.parse("0.1"))
    sports.later(1)
    assert now(sports, order).status is S.CANCELED
    assert "breaks minimum tick size rule: 0.1" in now(sports, order).reason


def test_a_held_order_whose_money_went_is_cancelled_for_that(sports: Venue) -> None:
    ann = sports.wallet("ann", cash="12")
    order = sports.limit(ann, BUY, "0.41", "20")
    sports.place(order)
    sports.exchange.accounts.deposit(ann, -Usdc.parse("10"))
    sports.later(3)
    assert told(sports, order)[-1] == (CANCELLATION, S.CANCELED_NOT_ENOUGH_BALANCE)


def test_a_held_order_ends_with_its_market(sports: Venue) -> None:
    order = sports.limit(sports.wallet("ann"), BUY, "0.41", "20")
    sports.place(order)
    sports.exchange.resolve(sports.market.condition, winner=sports.yes)
    sports.later(3)
    assert told(sports, order)[-1] == (CANCELLATION, S.CANCELED_MARKET_RESOLVED)


# killed at the door


@pytest.mark.parametrize(
    ("tif", "text"),
    [
        (TimeInForce.FOK, "order couldn't be fully filled. FOK orders are fully filled or killed."),
        (TimeInForce.FAK, "no orders found to match with FAK order"),
    ],
)
def test_the_user_hears_of_a_killed_order_that_was_never_placed(venue: Venue, tif: TimeInForce, text: str) -> None:
    venue.quote()
    order = venue.order(venue.wallet("ann"), BUY, 8_200_000, 20_000_000, tif=tif)
    with pytest.raises(OrderKilled, match=text):
        venue.place(order)
    assert venue.exchange.order(order.id) is None
    truth = venue.exchange.ledger()
    assert (truth.orders, truth.killed) == ((), (order.id,))
    assert told(venue, order) == [(CANCELLATION, S.CANCELED)]
    [event] = [event for event in venue.events if isinstance(event, OrderChanged)]
    frame = order_event(event.order, market=venue.market, key_of=str, change=event.change, at_ns=event.at_ns)
    assert frame["status"].startswith(f"CANCELED_{text}")
    assert (frame["size_matched"], frame["created_at"], frame["outcome"], frame["associate_trades"]) == ("", "", "", [])
    assert (frame["original_size"], frame["price"], frame["order_type"]) == ("20", "0.41", tif.value)


# taken down


def test_an_expired_order_is_named_so_on_the_socket_and_cancelled_in_the_list(venue: Venue) -> None:
    due_s = venue.exchange.now_ns // 10**9 + 200
    order = venue.limit(venue.wallet("ann"), BUY, "0.3", "10", tif=TimeInForce.GTD, expiration_s=due_s)
    venue.place(order)
    venue.later(140)
    assert told(venue, order)[-1] == (CANCELLATION, S.CANCELED_EXPIRED_ORDER)
    assert order_row(now(venue, order), market=venue.market, key_of=str)["status"] == "CANCELED"


def test_orders_that_a_balance_no_longer_covers_go_the_newest_first(venue: Venue) -> None:
    ann = venue.wallet("ann", cash="10")
    orders = []
    for _ in range(3):
        orders.append(venue.limit(ann, BUY, "0.3", "10"))
        venue.place(orders[-1])
        venue.later(1)
    venue.exchange.withdraw(ann.wallet, Usdc.parse("5"))
    assert [now(venue, order).status for order in orders] == [
        S.LIVE,
        S.CANCELED_NOT_ENOUGH_BALANCE,
        S.CANCELED_NOT_ENOUGH_BALANCE,
    ]
    assert not venue.exchange.imbalance()


def test_an_offer_of_shares_that_never_came_is_taken_down(venue: Venue) -> None:
    class Failing(Share):
        def fate(self, trade: SimTrade) -> Fate:
            return Fate(fails=True)

    ann = venue.wallet("ann")
    venue.exchange.meddler = Failing("1")
    trade = venue.place(venue.order(ann, BUY, 8_000_000, 16_000_000)).trades[0]
    offer = venue.limit(ann, SELL, "0.9", "10")
    venue.place(offer)
    venue.later(5)
    after = venue.exchange.trade(trade)
    assert after is not None
    assert after.status is TradeStatus.FAILED
    assert told(venue, offer)[-1] == (CANCELLATION, S.CANCELED_NOT_ENOUGH_BALANCE)
    assert not venue.exchange.imbalance()


def test_a_game_takes_resting_orders_down_when_it_starts() -> None:
    venue = quoted(Venue(replace(market(), game_start_ns=START_NS + 60 * 10**9)))
    order = venue.limit(venue.wallet("ann"), BUY, "0.3", "10")
    venue.place(order)
    venue.later(59)
    venue.exchange.set_game_start(venue.market.condition, START_NS + 90 * 10**9)
    venue.later(30)
    assert now(venue, order).status is S.LIVE
    venue.later(1)
    assert told(venue, order)[-1] == (CANCELLATION, S.INVALID)
    assert venue.place(venue.limit(venue.wallet("bob"), BUY, "0.3", "10")).order.status is S.LIVE


# ticks


@pytest.mark.parametrize(("ask", "change"), [("0.97", 1), ("0.96", 0), ("0.04", 0), ("0.03", 1)])
def test_the_grid_gets_finer_when_the_price_nears_an_end(venue: Venue, ask: str, change: int) -> None:
    venue.quote(bids=levels(("0.01", "100")), asks=levels((ask, "500")))
    resting = venue.limit(venue.wallet("bob"), BUY, "0.02", "10")
    venue.place(resting)
    venue.place(venue.limit(venue.wallet("ann"), BUY, ask, "40"))
    changes = [event for event in venue.events if isinstance(event, TickChanged)]
    assert [(event.old, event.new) for event in changes] == [(Price.parse("0.01"), Price.parse("0.001"))] * change
    assert now(venue, resting).status is S.LIVE


def test_orders_off_a_coarser_grid_stay_and_new_ones_are_refused(venue: Venue) -> None:
    order = venue.limit(venue.wallet("ann"), BUY, "0.35", "10")
    venue.place(order)
    venue.exchange.set_tick(venue.market.condition, Price.parse("0.1"))
    assert now(venue, order).status is S.LIVE
    with pytest.raises(OrderRefused, match=r"Price \(0.35\) breaks minimum tick size rule: 0.1"):
        venue.place(venue.limit(venue.wallet("ann"), BUY, "0.35", "10"))
    venue.quote(bids=(), asks=levels(("0.3", "50")))
    assert now(venue, order).status is S.MATCHED


# filled in part


def test_part_of_a_match_is_let_happen_and_strangers_take_the_rest(venue: Venue) -> None:
    venue.exchange.meddler = Share("0.5")
    ann, bob = venue.wallet("ann"), venue.wallet("bob", yes="100")
    offer = venue.limit(bob, SELL, "0.39", "30")
    venue.exchange.set_house_book(venue.yes, bids=(), asks=())
    venue.place(offer)
    taken = venue.place(venue.order(ann, BUY, 7_800_000, 20_000_000))
    assert (taken.order.status, taken.order.matched) == (S.CANCELED, Shares.parse("10"))
    assert now(venue, offer).matched == Shares.parse("20")
    assert told(venue, offer).count((UPDATE, S.LIVE)) == 2


def test_what_strangers_took_from_an_order_that_may_rest_it_waits_for(venue: Venue) -> None:
    venue.exchange.meddler = Share("0.25")
    order = venue.limit(venue.wallet("ann"), BUY, "0.4", "10")
    venue.place(order)
    assert (now(venue, order).status, now(venue, order).matched) == (S.LIVE, Shares.parse("2.5"))
    view = venue.exchange.book(venue.yes)
    assert (view.bids[0].price, view.asks[0].price) == (Price.parse("0.4"), Price.parse("0.41"))


@pytest.mark.parametrize("share", ["0", "0.5"])
def test_an_order_that_rests_after_a_part_does_not_cross_the_book(venue: Venue, share: str) -> None:
    venue.exchange.meddler = Share(share)
    order = venue.limit(venue.wallet("ann"), BUY, "0.41", "20")
    assert venue.place(order).order.status is S.LIVE
    view = venue.exchange.book(venue.yes)
    assert (view.bids[0].price, view.asks) == (Price.parse("0.41"), ())


def test_an_order_of_all_or_nothing_is_killed_when_only_a_part_is_left(venue: Venue) -> None:
    venue.exchange.meddler = Share("0.5")
    with pytest.raises(OrderKilled):
        venue.place(venue.order(venue.wallet("ann"), BUY, 8_200_000, 20_000_000, tif=TimeInForce.FOK))


def test_nothing_at_all_may_be_left(venue: Venue) -> None:
    venue.exchange.meddler = Share("0")
    with pytest.raises(OrderKilled):
        venue.place(venue.order(venue.wallet("ann"), BUY, 8_200_000, 20_000_000))
    order = venue.limit(venue.wallet("ann"), BUY, "0.41", "20")
    assert venue.place(order).order.status is S.LIVE


# dust and reservations


def test_a_bid_is_bounded_by_its_dollars_and_what_buys_no_hundredth_of_a_share_is_forgotten(venue: Venue) -> None:
    """9 at 0.39 leave 0.49 dollars: 1.22 at 0.40, and 0.002 dollars."""
    venue.quote(asks=levels(("0.39", "9"), ("0.4", "100")))
    order = venue.limit(venue.wallet("ann"), BUY, "0.4", "10")
    venue.place(order)
    report = now(venue, order)
    assert (report.status, report.original, report.matched) == (S.MATCHED, Shares.parse("10"), Shares.parse("10.22"))
    assert not venue.exchange.book(venue.yes).bids


def test_an_order_can_end_matched_with_less_than_a_hundredth_unfilled(venue: Venue) -> None:
    venue.quote(asks=levels(("0.41", "100")))
    report = venue.place(venue.order(venue.wallet("ann"), BUY, 7_000_000, 17_073_100)).order
    assert (report.status, report.original, report.matched) == (S.MATCHED, Shares(17_073_100), Shares.parse("17.07"))


def test_bids_are_filled_in_whole_hundredths_of_a_share(venue: Venue) -> None:
    order = venue.order(venue.wallet("ann", yes="20"), SELL, 10_000_000, 3_000_000)
    venue.quote(bids=levels(("0.4", "9.995"), ("0.39", "0.005")))
    report = venue.place(order).order
    assert (report.status, report.matched) == (S.CANCELED, Shares.parse("9.99"))


def test_open_orders_of_an_asset_leave_only_the_rest_of_the_balance(venue: Venue) -> None:
    """maxOrderSize = balance - what open orders on the asset can still take."""
    ann = venue.wallet("ann", cash="0", yes="30")
    first = venue.limit(ann, SELL, "0.9", "20")
    venue.place(first)
    with pytest.raises(OrderRefused, match="sum of matched orders: 20000000, order amount"):
        venue.place(venue.limit(ann, SELL, "0.8", "10.01"))
    venue.place(venue.limit(ann, SELL, "0.8", "10"))
    venue.exchange.cancel(first.id, owner=ann.owner)
    assert venue.place(venue.limit(ann, SELL, "0.8", "20")).order.status is S.LIVE


def test_a_part_filled_order_reserves_only_what_is_open(venue: Venue) -> None:
    ann = venue.wallet("ann", cash="10")
    venue.quote(asks=levels(("0.4", "10")))
    venue.place(venue.limit(ann, BUY, "0.4", "20"))
    assert ann.reserved_cash_micro == 4_000_000
    assert Usdc.parse("5.8") < ann.cash < Usdc.parse("6")
