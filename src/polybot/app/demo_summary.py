"""What a demo ends with: one object for programs, the same numbers for people."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import msgspec

from polybot.app.audit import Books, differences, fill_facts, unseen_fills
from polybot.app.stage import Stage
from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Shares, Usdc, proceeds_floor
from polybot.core.orders import OrderState
from polybot.decision.model import Copy, Decision, Skip
from polybot.ports.queries import OrderRow, TradeRow
from polybot.ports.store import History
from polybot.simulator.engine.ledger import GroundTruth
from polybot.simulator.rest.replies import RequestRecord

_UNPROVEN = frozenset({OrderState.UNKNOWN, OrderState.SUBMITTING})


@dataclass(frozen=True, slots=True)
class DemoReport:
    """`skipped` maps a rule to its count. USD and bps as numbers for reading, not for accounting.

    `detection_ms` is from a feed's own stamp on a target's fill to the decision's queue; `end_to_end_ms` from the
    feed's bytes in this process to the venue's answer to our order. Both in real milliseconds, whatever the speed.
    `orders_unknown` counts orders whose fate is not proven at the end. `pnl_usd` values what is still held at the
    best bid; `realized_usd` is of what was sold or settled, after fees. `exits_followed` are among `copied`.
    """

    target_orders: int
    copied: int
    skipped: Mapping[str, int]
    orders_sent: int
    orders_duplicated: int
    orders_unknown: int
    fills: int
    fees_usd: float
    pnl_usd: float
    slippage_bps_median: float | None
    detection_ms_p50: float | None
    end_to_end_ms_p50: float | None
    end_to_end_ms_p99: float | None
    ledger_matches_ground_truth: bool
    ground_truth_differences: Sequence[str]
    exits_followed: int
    settled: int
    open_positions: int
    realized_usd: float
    cash_usd: str
    targets: int
    markets: int
    simulated_s: float
    real_s: float
    speed: float
    seed: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both sides' books after the bot has stopped."""

    stage: Stage
    wallet: Wallet
    truth: GroundTruth
    requests: Sequence[RequestRecord]
    orders: Sequence[OrderRow]
    history: History
    trades: Sequence[TradeRow]
    opening: Usdc
    speed: float


def summarise(outcome: Outcome, *, real_s: float, seed: int) -> DemoReport:
    stage, portfolio = outcome.stage, outcome.stage.portfolio
    first = _first_decisions(stage.decisions)
    copies = [d for d in first if isinstance(d.verdict, Copy)]
    found = _differences(outcome, first)
    sent = _posted_salts(outcome.requests)
    positions = list(portfolio.positions())
    telemetry, speed = stage.telemetry, outcome.speed
    return DemoReport(
        target_orders=len(first),
        copied=len(copies),
        skipped=dict(Counter(d.verdict.rule for d in first if isinstance(d.verdict, Skip)).most_common()),
        orders_sent=len(sent),
        orders_duplicated=sum(n - 1 for n in sent.values()),
        orders_unknown=sum(
            order.state in (OrderState.UNKNOWN, OrderState.SUBMITTING) for order in outcome.history.orders
        ),
        fills=len(outcome.history.fills),
        fees_usd=_usd(sum((p.fees for p in positions), ZERO_USDC)),
        pnl_usd=_usd(portfolio.cash + _worth(stage) - outcome.opening),
        slippage_bps_median=statistics.median(bps) if (bps := [t.slippage_bps for t in outcome.trades]) else None,
        detection_ms_p50=_ms(telemetry.percentile("feed_to_decision_ms", 50), speed),
        end_to_end_ms_p50=_ms(telemetry.percentile("end_to_end_ms", 50)),
        end_to_end_ms_p99=_ms(telemetry.percentile("end_to_end_ms", 99)),
        ledger_matches_ground_truth=not found,
        ground_truth_differences=found,
        exits_followed=sum(d.order.side is Side.SELL for d in copies),
        settled=sum(p.settled.micro > 0 for p in positions),
        open_positions=portfolio.open_positions(),
        realized_usd=_usd(sum((p.realized - p.fees for p in positions), ZERO_USDC)),
        cash_usd=str(portfolio.cash),
        targets=len(stage.followed),
        markets=len(stage.world.exchange.markets()),
        simulated_s=round((stage.clock.now_ns() - stage.world.starts_at_ns) / 1e9, 1),
        real_s=round(real_s, 1),
        speed=round(speed, 2),
        seed=seed,
    )


def _first_decisions(decisions: Sequence[Decision]) -> list[Decision]:
    """Each target order once: what was decided first, without later legs."""
    return list({decision.order.id: decision for decision in reversed(decisions)}.values())


def books(outcome: Outcome) -> Books:
    """Our side, as the store has it."""
    history = outcome.history
    unproven = frozenset(row.order for row in outcome.orders if row.state in _UNPROVEN)
    placed = frozenset(row.order for row in outcome.orders if row.state != OrderState.REFUSED) - unproven
    return Books(placed, unproven, history.fills, history.cash, outcome.stage.portfolio.holdings())


def _differences(outcome: Outcome, decisions: Sequence[Decision]) -> list[str]:
    seen = Counter(fill_facts(fill.seen) for decision in decisions for fill in decision.order.fills)
    followed = frozenset(target.wallet for target in outcome.stage.followed)
    ledger = differences(books(outcome), outcome.truth, outcome.wallet)
    return [*ledger, *unseen_fills(outcome.truth, followed, seen)]


class _Posted(msgspec.Struct):
    order: dict[str, object]


def _posted_salts(requests: Sequence[RequestRecord]) -> Counter[str]:
    """How often each signed order reached the venue."""
    bodies = [r.body for r in requests if (r.service, r.method, r.path) == ("clob", "POST", "/order")]
    return Counter(str(msgspec.json.decode(body, type=_Posted).order["salt"]) for body in bodies)


def _worth(stage: Stage) -> Usdc:
    """What is held, at the best bids."""
    return sum((_bid_value(stage, *held) for held in stage.portfolio.holdings().items()), ZERO_USDC)


def _bid_value(stage: Stage, token: TokenId, shares: Shares) -> Usdc:
    bids = stage.world.exchange.book(token).bids
    return proceeds_floor(shares, bids[0].price) if bids else ZERO_USDC


def _usd(amount: Usdc) -> float:
    return amount.micro / 1e6


def _ms(value: float | None, speed: float = 1.0) -> float | None:
    return None if value is None else round(value / speed, 3)
