"""The demo on a terminal: one line for what happens, a table at the end."""

from collections.abc import Mapping

from rich.console import Console, RenderableType
from rich.text import Text

from polybot.app.demo import Watch
from polybot.app.demo_summary import DemoReport
from polybot.app.stage import Stage
from polybot.cli.formats import shares, usd
from polybot.cli.tables import pairs
from polybot.core.fills import TargetOrder
from polybot.core.orders import OurFill
from polybot.decision.model import Copy, Decision

_STYLES: Mapping[str, str] = {"copied": "green", "skipped": "yellow", "filled": "cyan"}


class DemoView:
    """Prints as things happen; `watch` is what the demo calls."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._names: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()

    @property
    def watch(self) -> Watch:
        return Watch(began=self._began, decided=self._decided, filled=self._filled)

    def _began(self, stage: Stage) -> None:
        self._names = {target.wallet: target.name for target in stage.followed}
        names = ", ".join(self._names.values())
        self._console.print(Text(f"A simulated Polymarket is open; polybot follows {names}.\n", style="bold"))

    def _decided(self, decision: Decision) -> None:
        order, verdict = decision.order, decision.verdict
        did = f"{self._names.get(order.target, order.target)} {order.side} {shares(order.shares)} at {order.price}"
        if isinstance(verdict, Copy):
            answer = f"we {verdict.side} up to {shares(verdict.shares)} at {verdict.limit} or better"
        else:
            answer = f"{verdict.rule}: {verdict.detail}"
        self._line("copied" if isinstance(verdict, Copy) else "skipped", f"{did}, {_market(order)}; {answer}")

    def _filled(self, fill: OurFill) -> None:
        """A fill is news once; its later statuses are not."""
        if (fill.trade, fill.order) in self._told:
            return
        self._told.add((fill.trade, fill.order))
        self._line("filled", f"{fill.side} {shares(fill.shares)} for {usd(fill.usdc)} USDC, fee {usd(fill.fee)}")

    def _line(self, what: str, detail: str) -> None:
        self._console.print(Text(f"{what:<8}", style=_STYLES[what]) + Text(detail))


def _market(order: TargetOrder) -> str:
    seen = order.fills[0].seen
    return f"{seen.title or seen.slug} [{seen.outcome}]"


def summary(report: DemoReport) -> RenderableType:
    skipped = ", ".join(f"{count} {rule}" for rule, count in report.skipped.items()) or "none"
    ledger = "equal to the micro-unit" if report.ledger_matches_ground_truth else "DIFFERENT"
    rows = {
        "traders' orders": f"{report.target_orders} seen, {report.copied} copied,"
        f" {report.exits_followed} of them exits",
        "skipped": skipped,
        "our orders": f"{report.orders_sent} sent, {report.orders_duplicated} twice, {report.orders_unknown} unknown",
        "fills": f"{report.fills}, fees {report.fees_usd:.2f} USDC",
        "profit and loss": f"{report.pnl_usd:+.2f} USDC",
        "slippage": f"median {_number(report.slippage_bps_median, 'bps')} against the trader's price",
        "detection": f"median {_number(report.detection_ms_p50, 'ms')} after the feed showed the fill",
        "fill seen to answer": f"median {_number(report.end_to_end_ms_p50, 'ms')},"
        f" 99th percentile {_number(report.end_to_end_ms_p99, 'ms')}",
        "ledger and truth": ledger,
    }
    differences = {f"difference {n}": text for n, text in enumerate(report.ground_truth_differences, start=1)}
    return pairs("Summary", {**rows, **differences})


def _number(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.1f} {unit}"
