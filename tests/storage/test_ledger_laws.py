"""Laws of the stored ledger, for any reports in any order, with repeats and lost knowledge."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from storage_nouns import CONDITION, LEADER, NO, NOW_NS, OTHER, YES, copied, our_fill

from polybot.core.ids import OrderId
from polybot.core.ledger import Settlement, fold, outranks
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc, proceeds_floor
from polybot.core.orders import OurFill, TradeStatus
from polybot.core.portfolio import Portfolio
from polybot.storage.store import SqlStore, open_store

ORDERS = [(target, token, side) for target in (LEADER, OTHER) for token in (YES, NO) for side in Side]
"""One of our orders for every target, token and side."""

reports = st.tuples(
    st.integers(0, len(ORDERS) - 1),
    st.integers(0, 3),
    st.sampled_from(TradeStatus),
    st.integers(1, 20_000_000),
    st.integers(1, 999_999),
    st.integers(0, 90_000),
    st.integers(0, 5),
)
settlements = st.tuples(st.sampled_from([YES, NO]), st.sampled_from([0, 1_000_000]))
histories = st.lists(st.one_of(reports, settlements), max_size=25)


def event(step: tuple[object, ...], orders: Sequence[OrderId]) -> OurFill | Settlement:
    match step:
        case (int(which), int(trade), TradeStatus() as status, int(shares), int(price), int(fee), int(late)):
            _, token, side = ORDERS[which]
            usdc = proceeds_floor(Shares(shares), Price(price))
            return our_fill(
                orders[which],
                trade=f"t{trade}",
                token=token,
                side=side,
                shares=str(Shares(shares)),
                usdc=str(usdc),
                fee=str(Usdc(fee)),
                status=status,
                matched_ns=NOW_NS + late,
            )
        case (str(token), int(payout)):
            return Settlement(
                condition=CONDITION, token=YES if token == YES else NO, payout=Usdc(payout), resolved_ns=NOW_NS
            )
    raise AssertionError(step)


def standing(events: Sequence[OurFill | Settlement]) -> list[OurFill]:
    """The report of each fill that stands in the end."""
    best: dict[tuple[str, str], OurFill] = {}
    for report in events:
        if isinstance(report, OurFill):
            known = best.get((report.trade, report.order))
            if known is None or outranks(report, known):
                best[report.trade, report.order] = report
    return list(best.values())


async def play(store: SqlStore, events: Sequence[OurFill | Settlement]) -> None:
    for item in events:
        if isinstance(item, OurFill):
            await store.apply_fill(item, now_ns=NOW_NS)
        else:
            await store.apply_settlement(item, now_ns=NOW_NS)


async def opened() -> tuple[SqlStore, list[OrderId]]:
    store = await open_store("sqlite://")
    orders = [await copied(store, number=n, target=t, token=k, side=s) for n, (t, k, s) in enumerate(ORDERS)]
    await store.set_cash(Usdc.parse("1000"), reason="opening", now_ns=NOW_NS)
    return store, orders


async def check(steps: Sequence[tuple[object, ...]]) -> None:
    store, orders = await opened()
    events = [event(step, orders) for step in steps]
    await play(store, events)
    await check_positions_are_the_fold(store, dict(zip(orders, ORDERS, strict=True)), events)
    await check_the_portfolio_agrees(store, events)
    before = (await store.history(), list(await store.positions()))
    await play(store, events[::-1])
    assert (await store.history(), list(await store.positions())) == before
    await store.close()


Owners = dict[OrderId, tuple[object, object, Side]]


async def check_positions_are_the_fold(store: SqlStore, owners: Owners, events: Sequence[OurFill | Settlement]) -> None:
    history = await store.history()
    settled = {settlement.token: settlement for settlement in history.settlements}
    positions, fills = await store.positions(), standing(events)
    moved = {(owners[fill.order][0], fill.token) for fill in fills}
    assert {(position.target, position.token) for position in positions} == moved
    cash = Usdc.parse("1000")
    for p in positions:
        mine = [fill for fill in fills if (owners[fill.order][0], fill.token) == (p.target, p.token)]
        assert p == fold(p.target, p.token, CONDITION, mine, settled.get(p.token))
        cash += p.realized - p.cost - p.fees
    assert history.cash == await store.cash() == cash


async def check_the_portfolio_agrees(store: SqlStore, events: Sequence[OurFill | Settlement]) -> None:
    portfolio = Portfolio(Usdc.parse("1000"))
    for order in await store.open_orders():
        portfolio.reserve(order.id, order.intent)
    for item in events:
        if isinstance(item, OurFill):
            portfolio.apply_fill(item)
        else:
            portfolio.settle(item)
    assert portfolio.cash == await store.cash()
    assert portfolio.reserved() == await store.reserved()
    assert sorted(map(str, portfolio.positions())) == sorted(map(str, await store.positions()))


@settings(deadline=None, max_examples=25)
@given(histories)
def test_positions_are_folds_cash_is_conserved_and_repeats_change_nothing(steps: list[tuple[object, ...]]) -> None:
    asyncio.run(check(steps))
