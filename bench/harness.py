"""What every benchmark shares: sides in processes of their own, shuffled rounds, ratios, machine and versions.

A side is a module of `bench.sides` that calls `serve`. It may run in an interpreter of its own (`venv`), so this
module imports the standard library only. All sides stay alive; in each round every side measures once, in shuffled
order, alone.
"""

import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import venv as venv_module
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TOP = Path(__file__).resolve().parents[1]
CLIENT, OLD_CLIENT, COINCURVE = "polymarket-client==0.14.0", "py-clob-client-v2==1.2.1", "coincurve==21.0.0"
_SWEEP, _ZEROS = bytearray(8 << 20), bytes(8 << 20)


def serve(cases: Mapping[str, Callable[[], object]], *, distributions: Sequence[str]) -> None:
    """A side's main loop: says which versions it runs, then measures what it is asked until stdin closes."""
    say(hello(*distributions))
    for call in cases.values():
        call()
    for line in sys.stdin:
        ask = json.loads(line)
        say(_measure(cases[ask["case"]], samples=ask["samples"], calls=ask["calls"], cold=ask["cold"]))


def _measure(call: Callable[[], object], *, samples: int, calls: int, cold: bool) -> dict[str, float]:
    """Microseconds of one call, over `samples` of `calls` calls each.

    Cold: 5 ms asleep and the cache swept before each sample, as a bot that waits for trades.
    """
    taken_us = []
    for _ in range(samples):
        if cold:
            time.sleep(0.005)
            _SWEEP[:] = _ZEROS
        began = time.perf_counter_ns()
        for _ in range(calls):
            call()
        taken_us.append((time.perf_counter_ns() - began) / 1e3 / calls)
    return spread(taken_us)


def environment() -> dict[str, str]:
    """A side's process finds `bench` wherever the caller stands."""
    return {**os.environ, "PYTHONPATH": str(TOP)}


def progress(text: str) -> None:
    """What is being done now, for people who wait."""
    print(text, file=sys.stderr, flush=True)


def hello(*distributions: str) -> dict[str, object]:
    """A side's first word: which versions it runs."""
    return {"versions": {name: version(name) for name in distributions}}


def say(message: Mapping[str, object]) -> None:
    """One line to whoever runs the sides."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


Table = dict[str, dict[str, float]]
"""Rows by side, columns by name: microseconds, but for `ratio`."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found. `versions` by side and package, `tables` by title."""

    versions: dict[str, dict[str, str]]
    tables: dict[str, Table]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """A competitor: the interpreter and the module of `bench.sides` that serves its cases."""

    name: str
    module: str
    python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Ask:
    """One table: `case` as the sides' modules name it. `calls` in a row make one sample: more where one is short."""

    case: str
    cold: bool
    samples: int
    calls: int = 1

    @property
    def title(self) -> str:
        return f"{self.case}, {'cold' if self.cold else 'hot'}"


class _Running:
    """A side's process; its answers come one line at a time."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts
            [side.python, "-m", f"bench.sides.{side.module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        self.versions: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.__exit__(kind, error, tb)

    def greet(self) -> None:
        """Waits until it can measure."""
        self.versions = self._read()["versions"]

    def measure(self, ask: Ask) -> dict[str, float]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asdict(ask)) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.side.name} ended; its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def compare(sides: Sequence[Side], asks: Sequence[Ask], *, rounds: int) -> Result:
    """Medians of the rounds' p50 and p99 in µs, and each side's p50 as a multiple of the first side's."""
    order = random.Random(0)  # noqa: S311 - shuffles rounds
    seen: dict[tuple[str, str], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = [stack.enter_context(_Running(side)) for side in sides]
        for each in running:
            each.greet()
        for number in range(rounds):
            progress(f"  round {number + 1} of {rounds}")
            for ask in asks:
                for each in order.sample(running, len(running)):
                    seen.setdefault((ask.title, each.side.name), []).append(each.measure(ask))
        versions = {each.side.name: each.versions for each in running}
    return Result(versions, {ask.title: table(sides, {s.name: seen[ask.title, s.name] for s in sides}) for ask in asks})


def table(sides: Sequence[Side], seen: Mapping[str, Sequence[Mapping[str, float]]]) -> Table:
    """`seen`: of each side, its rounds' p50 and p99."""
    rows = {side.name: {p: statistics.median(r[p] for r in seen[side.name]) for p in ("p50", "p99")} for side in sides}
    ours = rows[sides[0].name]["p50"]
    return {name: {**row, "ratio": row["p50"] / ours} for name, row in rows.items()}


def spread(taken_us: Sequence[float]) -> dict[str, float]:
    """p50 and p99 (nearest rank) of one round."""
    ordered = sorted(taken_us)
    return {"p50": statistics.median(ordered), "p99": ordered[math.ceil(len(ordered) * 0.99) - 1]}


def show(name: str, result: Result) -> None:
    """For people."""
    print(f"\n== {name} ==")
    for side, versions in result.versions.items():
        print(f"versions  {side}: " + ", ".join(f"{package} {v}" for package, v in versions.items()))
    for title, rows in result.tables.items():
        columns = list(next(iter(rows.values())))
        print(f"\n{title:<46}" + "".join(f"{column:>10}" for column in columns))
        for side, row in rows.items():
            print(f"  {side:<44}" + "".join(f"{_cell(column, row[column]):>10}" for column in columns))
    for note in result.notes:
        print(f"\n{note}")


def _cell(column: str, value: float) -> str:
    return f"{value:.1f}x" if column == "ratio" else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def machine() -> str:
    """Processor, cores, system and interpreter of this run."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def venv(name: str, *requirements: str) -> str:
    """Path of the interpreter of `.venv-bench-NAME` at the top of the checkout, made from PyPI if it is not there."""
    folder = TOP / f".venv-bench-{name}"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        progress(f"making {folder.name} with {', '.join(requirements)}")
        venv_module.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)  # noqa: S603
        stamp.write_text(wanted)
    return str(python)
