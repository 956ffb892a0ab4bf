"""A configuration folder whose store a bot has used, and a way to type commands at it."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polybot.cli.main import main
from polybot.config.edit import write_templates
from polybot.core.book import BookView, Level
from polybot.core.fills import ObservedFill, PositionChange, SourceKind, TargetFill, TargetOrder
from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet, decision_id, fill_key, intent_id
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Price, Ratio, Shares, Usdc
from polybot.core.orders import Amounts, Intent, OrderTerms, OurFill, TimeInForce, TradeStatus
from polybot.core.trading import TradingMode
from polybot.decision.model import Check, Copy, Decision, Policy, Skip, Snapshot
from polybot.ports.store import TargetRow
from polybot.ports.venue import PreparedOrder
from polybot.storage.store import SqlStore, open_store

WHALE = Wallet("0x" + "11" * 20)
ACCOUNT = Wallet("0x" + "aa" * 20)
CONDITION = ConditionId("0x" + "cc" * 32)
TOKEN = TokenId("1001")
CHECKS = (Check(rule="slippage", value="0.51", limit="0.52", binding=True),)
POLICY = Policy(
    ratio=Ratio.parse("0.5"),
    max_position=Usdc.parse("100"),
    min_position=Usdc.parse("1"),
    slippage=Ratio.parse("0.02"),
    exit_slippage=Ratio.parse("0.05"),
)
SIGNED = b'{"signature":"0xsigned-canary"}'


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Terminal:
    capture: pytest.CaptureFixture[str]

    def type(self, *words: str) -> Typed:
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        seen = self.capture.readouterr()
        return Typed(int(ended.value.code or 0), seen.out, seen.err)


def configured(tmp_path: Path) -> Path:
    write_templates(tmp_path)
    return tmp_path


def used(tmp_path: Path, *, now_ns: int, ended: bool = True) -> Path:
    """A bot followed a whale, copied one order, skipped one, and (if `ended`) stopped."""
    asyncio.run(_use(configured(tmp_path), now_ns, ended=ended))
    return tmp_path


async def _use(folder: Path, now_ns: int, *, ended: bool) -> None:
    store = await open_store(f"sqlite:///{folder}/polybot.db")
    try:
        whale = TargetRow(wallet=WHALE, name="whale", enabled=True, settings={})
        run = await store.begin_run(mode="paper", account=ACCOUNT, targets=[whale], now_ns=now_ns)
        await store.set_cash(Usdc.parse("1000"), reason="opening", now_ns=now_ns)
        await _copy(store, now_ns)
        skipped = _order(2, now_ns)
        verdict = Skip(rule="slippage", detail="ask 0.60 above 0.52", checks=CHECKS)
        await store.record_skip(skipped, _decision(skipped, verdict, now_ns), now_ns=now_ns)
        await store.heartbeat(run.id, state={"mode": "running"}, now_ns=now_ns)
        if ended:
            await store.end_run(run.id, reason="asked to stop", now_ns=now_ns)
    finally:
        await store.close()


async def _copy(store: SqlStore, now_ns: int) -> None:
    order = _order(1, now_ns)
    terms = OrderTerms(
        token=TOKEN,
        condition=CONDITION,
        side=Side.BUY,
        limit=Price.parse("0.52"),
        amounts=Amounts(making=5_200_000, taking=10_000_000),
        tif=TimeInForce.FAK,
    )
    intent = Intent(
        id=intent_id(order.id, account=ACCOUNT, leg=0),
        decision=order.id,
        account=ACCOUNT,
        target=WHALE,
        leg=0,
        terms=terms,
        reserve_usdc=Usdc.parse("5.3"),
    )
    prepared = PreparedOrder(id=OrderId("0x" + "0d" * 32), intent=intent.id, wire=SIGNED)
    verdict = Copy(
        side=Side.BUY,
        limit=terms.limit,
        shares=terms.shares,
        spend=terms.notional,
        tif=terms.tif,
        ttl_s=0,
        fee_bound=ZERO_USDC,
        reference=order.price,
        checks=CHECKS,
    )
    await store.commit_copy(order, _decision(order, verdict, now_ns), intent, prepared, now_ns=now_ns)
    fill = OurFill(
        trade=TradeId("t1"),
        order=prepared.id,
        token=TOKEN,
        condition=CONDITION,
        side=Side.BUY,
        shares=Shares.parse("10"),
        usdc=Usdc.parse("5.1"),
        fee=Usdc.parse("0.05"),
        status=TradeStatus.MATCHED,
        matched_ns=now_ns,
    )
    await store.apply_fill(fill, now_ns=now_ns)


def _order(number: int, now_ns: int) -> TargetOrder:
    seen = ObservedFill(
        source=SourceKind.ACTIVITY_STREAM,
        wallet=WHALE,
        token=TOKEN,
        condition=CONDITION,
        side=Side.BUY,
        shares=Shares.parse("20"),
        price=Price.parse("0.5"),
        tx=f"0x{number:064x}",
        timestamp_s=now_ns // 1_000_000_000,
        seen_ns=now_ns,
        seen_mono_ns=0,
        slug="will-it-rain",
        title="Will it rain?",
        outcome="Yes",
    )
    key = fill_key(tx=seen.tx, wallet=WHALE, token=TOKEN, side=Side.BUY, shares=seen.shares, occurrence=1)
    return TargetOrder(
        id=decision_id(key),
        target=WHALE,
        fills=(TargetFill(key=key, occurrence=1, seen=seen),),
        token=TOKEN,
        condition=CONDITION,
        side=Side.BUY,
        shares=seen.shares,
        price=seen.price,
        held_before=Shares(0),
        change=PositionChange.OPENED,
    )


def _decision(order: TargetOrder, verdict: Copy | Skip, now_ns: int) -> Decision:
    level = Level(Price.parse("0.51"), Shares.parse("100"))
    snapshot = Snapshot(
        taken_ns=now_ns,
        started_ns=now_ns,
        mode=TradingMode.RUNNING,
        locks=(),
        market=None,
        book=BookView(token=TOKEN, bids=(), asks=(level,), hash="ab"),
        book_age_ms=1,
        cash_free=Usdc.parse("1000"),
        exposure=ZERO_USDC,
        inventory=Shares(0),
        open_positions=0,
    )
    return Decision(order=order, snapshot=snapshot, policy=POLICY, verdict=verdict)
