"""An hour of every fault, one at a time, on the composed bot: what it survives, and what it does wrong.

`python tests/campaign/hour.py [CASE ...]` runs them (all) in processes of their own and writes a table.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from cases import CASES, Script

from polybot.app.demo import DemoOptions, Watch, play
from polybot.app.demo_summary import summarise
from polybot.app.stage import Stage
from polybot.cli.running import run_fast
from polybot.core.ids import ConditionId
from polybot.simulator.faults.script import parse_script
from polybot.utils.logging import LogPlan, logging_to

_LONGEST_S = 900.0


@dataclass(frozen=True, slots=True)
class Row:
    """`error` is set when the bot or the simulator did not come to a clean end."""

    case: str
    strikes: int = 0
    orders: int = 0
    copied: int = 0
    skipped: int = 0
    duplicated: int = 0
    unknown: int = 0
    late_copies: int = 0
    differences: Sequence[str] = ()
    error: str = ""

    @property
    def verdict(self) -> str:
        if self.error:
            return "died"
        if self.duplicated or self.differences:
            return "wrong books"
        return "survived" if not self.unknown else "unproven orders"


async def one(case: str, *, speed: float, seed: int, seconds: float | None = None) -> Row:
    """`seconds` of real time, or the whole hour, whose last tenth shows whether it still copies."""
    stages: list[Stage] = []

    def began(stage: Stage) -> None:
        stages.append(stage)
        stage.simulator.faults.arm(parse_script(json.dumps(_filled(CASES[case], stage))))

    options = DemoOptions(speed=speed, seed=seed, seconds=seconds, quiet=True)
    outcome = await play(options, Watch(began=began))
    report = summarise(outcome, real_s=1.0, seed=seed)
    (stage,) = stages
    late_ns = stage.world.ends_at_ns - 360 * 10**9
    ours = [order for order in outcome.truth.orders if order.wallet == outcome.wallet]
    return Row(
        case=case,
        strikes=sum(armed.struck for armed in stage.simulator.faults.armed),
        orders=report.orders_sent,
        copied=report.copied,
        skipped=sum(report.skipped.values()),
        duplicated=report.orders_duplicated,
        unknown=report.orders_unknown,
        late_copies=sum(order.created_ns >= late_ns for order in ours),
        differences=report.ground_truth_differences,
    )


def _filled(script: Script, stage: Stage) -> Any:
    exchange = stage.world.exchange
    wallet = next(account.wallet for account in exchange.accounts if account.name == "polybot")
    condition = ConditionId(exchange.markets()[0].condition)
    return json.loads(json.dumps(script).replace("WALLET", wallet).replace("CONDITION", condition))


def _apart(case: str, *, speed: float, seed: int) -> Row:
    """In a process of its own, so that nothing a case breaks outlives it."""
    command = [sys.executable, __file__, case, "--speed", str(speed), "--seed", str(seed), "--json"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return Row(case, error=f"still running after {_LONGEST_S:.0f} s")
    if not ended.stdout:
        return Row(case, error=(ended.stderr.strip().splitlines() or ["no word"])[-1])
    return Row(**json.loads(ended.stdout.splitlines()[-1]))


def _all(names: Sequence[str], *, speed: float, seed: int, jobs: int) -> Iterator[Row]:
    with ThreadPoolExecutor(jobs) as pool:
        for number, row in enumerate(pool.map(partial(_apart, speed=speed, seed=seed), names), 1):
            sys.stderr.write(f"{number} of {len(names)}: {row.case}: {row.verdict}\n")
            yield row


def _table(rows: Sequence[Row]) -> str:
    head = "| fault | strikes | orders | copied | skipped | twice | unproven | in the last tenth | verdict |"
    lines = [head, "|---" * 9 + "|"]
    for row in rows:
        numbers = (row.strikes, row.orders, row.copied, row.skipped, row.duplicated, row.unknown, row.late_copies)
        lines.append(f"| {row.case} | {' | '.join(map(str, numbers))} | {row.verdict} |")
    wrong = [f"- {row.case}: {what}" for row in rows for what in [*row.differences[:3], *filter(None, [row.error])]]
    return "\n".join([*lines, "", *wrong])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names as in cases.py (default: all)")
    parser.add_argument("--speed", type=float, default=60.0, help="how fast the hour runs (default: 60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="so many at a time (default: 2)")
    parser.add_argument("--json", action="store_true", help="rows as JSON lines instead of a table")
    options = parser.parse_args()
    names = options.cases or list(CASES)
    if unknown := set(names) - set(CASES):
        parser.error(f"no case {', '.join(sorted(unknown))}: choose from {', '.join(CASES)}")
    if len(names) == 1:
        with logging_to(LogPlan(level="error")):
            rows = [run_fast(one(names[0], speed=options.speed, seed=options.seed))]
    else:
        rows = list(_all(names, speed=options.speed, seed=options.seed, jobs=options.jobs))
    told = "\n".join(json.dumps(asdict(row)) for row in rows) if options.json else _table(rows)
    sys.stdout.write(f"{told}\n")
    return 0 if all(row.verdict in {"survived", "unproven orders"} for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
