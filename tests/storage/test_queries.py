"""What the Queries port answers."""

import pytest
from storage_nouns import (
    ACCOUNT,
    CONDITION,
    LEADER,
    NOW_NS,
    OTHER,
    YES,
    copied,
    copying,
    intent,
    our_fill,
    prepared,
    skipping,
    target_fill,
    target_order,
)

from polybot.core.ledger import Settlement
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import OrderState, TradeStatus
from polybot.ports.queries import Queries
from polybot.ports.store import Event, TargetRow
from polybot.storage.store import SqlStore
from polybot.storage.views import slippage_bps

FOLLOWED = TargetRow(wallet=LEADER, name="leader", enabled=True, settings={"position_ratio": "0.5"})


@pytest.fixture
def queries(store: SqlStore) -> Queries:
    return store.queries


async def test_an_unused_store_answers_with_nothing(queries: Queries) -> None:
    assert await queries.status() is None
    assert list(await queries.targets()) == []
    assert list(await queries.positions()) == []
    assert list(await queries.trades()) == []
    assert list(await queries.pnl()) == []
    assert list(await queries.decisions()) == []
    assert list(await queries.events()) == []
    assert await queries.why("0x123456") is None


async def test_status_tells_the_newest_run(store: SqlStore, queries: Queries) -> None:
    await copied(store, number=0)
    later = NOW_NS + 10**9
    run = await store.begin_run(mode="paper", account=ACCOUNT, targets=[FOLLOWED], now_ns=later)
    await store.set_cash(Usdc.parse("100"), reason="opening", now_ns=later)
    order = await copied(store, number=1, now_ns=later)
    await store.apply_fill(our_fill(order), now_ns=later)
    skipped = target_order(target_fill(number=2))
    await store.record_skip(skipped, skipping(skipped), now_ns=later)
    await store.heartbeat(run.id, state={"mode": "running"}, now_ns=later + 1)

    status = await queries.status()

    assert status is not None
    assert (status.run, status.ended_ns, status.heartbeat_ns) == (run, None, later + 1)
    assert status.state == {"mode": "running"}
    assert (status.decisions, status.copied, status.fills) == (2, 1, 1)
    assert (status.open_positions, len(status.open_orders)) == (1, 2)
    assert (status.cash, status.reserved) == (Usdc.parse("94.85"), Usdc.parse("5.45"))


async def test_status_tells_how_the_run_ended(store: SqlStore, queries: Queries) -> None:
    run = await store.begin_run(mode="paper", account=ACCOUNT, targets=[], now_ns=NOW_NS)
    await store.end_run(run.id, reason="asked to stop", now_ns=NOW_NS + 5)
    status = await queries.status()
    assert status is not None
    assert (status.ended_ns, status.end_reason) == (NOW_NS + 5, "asked to stop")


async def test_targets_no_longer_configured_stay_readable(store: SqlStore, queries: Queries) -> None:
    other = TargetRow(wallet=OTHER, name="other", enabled=True, settings={})
    await store.begin_run(mode="paper", account=ACCOUNT, targets=[FOLLOWED, other], now_ns=NOW_NS)
    renamed = TargetRow(wallet=LEADER, name="the leader", enabled=True, settings={"position_ratio": "1"})
    await store.begin_run(mode="paper", account=ACCOUNT, targets=[renamed], now_ns=NOW_NS)
    assert list(await queries.targets()) == [
        TargetRow(wallet=OTHER, name="other", enabled=False, settings={}),
        renamed,
    ]


async def test_trades_carry_the_targets_price_and_the_slippage(store: SqlStore, queries: Queries) -> None:
    await store.begin_run(mode="paper", account=ACCOUNT, targets=[FOLLOWED], now_ns=NOW_NS)
    order = await copied(store)
    await store.apply_fill(our_fill(order, usdc="5.1"), now_ns=NOW_NS)
    await store.apply_fill(our_fill(order, trade="t2", shares="2", usdc="0.9", matched_ns=NOW_NS + 1), now_ns=NOW_NS)
    better, worse = await queries.trades()
    assert (worse.price, worse.target_price, worse.slippage_bps) == (Price.parse("0.51"), Price.parse("0.5"), 200)
    assert better.slippage_bps == -1000
    assert (worse.target_name, worse.market_slug, worse.outcome) == ("leader", "will-it-rain", "Yes")
    assert worse.decision == target_order(target_fill()).id
    assert [trade.trade for trade in await queries.trades(limit=1)] == ["t2"]
    assert list(await queries.trades(target=OTHER)) == []


@pytest.mark.parametrize(
    ("side", "usdc", "expected"),
    [
        (Side.BUY, "5.1", 200),
        (Side.SELL, "5.1", -200),
        (Side.SELL, "4.9", 200),
        (Side.BUY, "5.0001", 1),
        (Side.BUY, "4.9999", 0),
        (Side.SELL, "4.9999", 1),
    ],
)
def test_slippage_is_rounded_against_us(side: Side, usdc: str, expected: int) -> None:
    reference = Price.parse("0.5")
    got = slippage_bps(side=side, shares=Shares.parse("10"), usdc=Usdc.parse(usdc), reference=reference)
    assert got == expected


async def test_closed_positions_are_shown_on_request(store: SqlStore, queries: Queries) -> None:
    order = await copied(store)
    await store.apply_fill(our_fill(order), now_ns=NOW_NS)
    (held,) = await queries.positions(target=LEADER)
    assert (held.position.shares, held.target_shares) == (Shares.parse("10"), Shares.parse("20"))
    assert (held.market_slug, held.outcome) == ("will-it-rain", "Yes")
    assert list(await queries.positions(target=OTHER)) == []
    lost = Settlement(condition=CONDITION, token=YES, payout=Usdc(0), resolved_ns=NOW_NS)
    await store.apply_settlement(lost, now_ns=NOW_NS)
    assert list(await queries.positions()) == []
    assert [row.position.settled for row in await queries.positions(include_closed=True)] == [Shares.parse("10")]


async def test_pnl_is_told_per_target_after_fees(store: SqlStore, queries: Queries) -> None:
    await store.begin_run(mode="paper", account=ACCOUNT, targets=[FOLLOWED], now_ns=NOW_NS)
    bought = await copied(store, number=0)
    sold = await copied(store, number=1, side=Side.SELL)
    await store.apply_fill(our_fill(bought, usdc="5", fee="0.1"), now_ns=NOW_NS)
    half = our_fill(sold, trade="t2", side=Side.SELL, shares="5", usdc="3", fee="0.1", matched_ns=NOW_NS + 1)
    await store.apply_fill(half, now_ns=NOW_NS)
    await store.apply_fill(our_fill(bought, trade="t3", status=TradeStatus.FAILED), now_ns=NOW_NS)
    (row,) = await queries.pnl()
    assert (row.target, row.target_name, row.fills) == (LEADER, "leader", 2)
    assert (row.invested, row.realized) == (Usdc.parse("2.5"), Usdc.parse("0.5"))
    assert (row.fees, row.net) == (Usdc.parse("0.2"), Usdc.parse("0.3"))


async def test_decisions_can_be_asked_for_by_target_and_rule(store: SqlStore, queries: Queries) -> None:
    await copied(store, number=0, target=LEADER)
    late = target_order(target_fill(number=1, target=OTHER))
    await store.record_skip(late, skipping(late, rule="too_late"), now_ns=NOW_NS + 1)
    assert [row.rule for row in await queries.decisions()] == ["too_late", "copy"]
    assert [row.target for row in await queries.decisions(target=OTHER)] == [OTHER]
    assert [row.rule for row in await queries.decisions(rule="copy")] == ["copy"]
    (newest,) = await queries.decisions(limit=1)
    assert (newest.id, newest.detail, newest.outcome) == (late.id, "ask 0.60 above 0.52", "Yes")


async def test_why_shows_what_the_decision_saw_in_readable_text(store: SqlStore, queries: Queries) -> None:
    order = target_order(target_fill())
    will = intent(order.id)
    signed = prepared(will)
    await store.commit_copy(order, copying(order), will, signed, now_ns=NOW_NS)
    await store.set_order_state(signed.id, OrderState.UNKNOWN, reason="timeout", now_ns=NOW_NS + 1)
    await store.set_order_state(signed.id, OrderState.DONE, reason="filled", now_ns=NOW_NS + 2)
    await store.apply_fill(our_fill(signed.id), now_ns=NOW_NS)

    view = await queries.why(order.id)

    assert view is not None
    assert view.decision.detail == "BUY 10 at 0.52 or better, FAK, at most 5.2 USDC"
    assert view.checks[0] == {"rule": "slippage", "value": "0.51", "limit": "0.52", "binding": "yes"}
    assert (view.policy["ratio"], view.policy["entry_tif"]) == ("0.5", "fak")
    assert (view.snapshot["cash_free"], view.snapshot["book_age_ms"]) == ("250", 12)
    book = view.snapshot["book"]
    assert isinstance(book, dict)
    assert book["asks"] == ["7.25 @ 0.51", "7.25 @ 0.52"]
    assert [fill["shares"] for fill in view.fills] == ["20"]
    (leg,) = view.orders
    assert (leg.order, leg.state, leg.reason, leg.answered_ns) == (signed.id, "done", "filled", NOW_NS + 2)
    assert (leg.shares, leg.filled_shares, leg.fees) == (Shares.parse("10"), Shares.parse("10"), Usdc.parse("0.05"))


async def test_why_finds_by_unique_prefix_of_decision_intent_or_order(store: SqlStore, queries: Queries) -> None:
    order = target_order(target_fill())
    will = intent(order.id)
    await store.commit_copy(order, copying(order), will, prepared(will), now_ns=NOW_NS)
    await copied(store, number=1)
    for name in (order.id[:8], will.id[:8], prepared(will).id[:12], prepared(will).id.upper().replace("0X", "0x")):
        view = await queries.why(name)
        assert view is not None
        assert view.decision.id == order.id
    assert await queries.why(order.id[:5]) is None
    assert await queries.why("zzzzzzzz") is None
    assert await queries.why("") is None


async def test_events_are_told_newest_first(store: SqlStore, queries: Queries) -> None:
    stalled, back = Event("gap", "warning", "stalled", {"feed": "user"}), Event("feed", "info", "back")
    await store.record_event(stalled, now_ns=NOW_NS)
    await store.record_event(back, now_ns=NOW_NS + 1)
    assert list(await queries.events()) == [(NOW_NS + 1, back), (NOW_NS, stalled)]
