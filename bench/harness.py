"""What every benchmark shares: sides in processes of their own, shuffled rounds, ratios, machine and versions.

A side is a script that calls `serve`. It may run in an interpreter of its own (`venv`), so this module imports the
standard library only. All sides stay alive; in each round every side measures once, in shuffled order, alone.
"""

import json
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
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
_SWEEP, _ZEROS = bytearray(8 << 20), bytes(8 << 20)


def serve(cases: Mapping[str, Callable[[], object]], *, distributions: Sequence[str]) -> None:
    """A side's main loop: says which versions it runs, then measures what it is asked until stdin closes."""
    _say({"versions": {name: version(name) for name in distributions}})
    for call in cases.values():
        call()
    for line in sys.stdin:
        ask = json.loads(line)
        _say(_measure(cases[ask["case"]], calls=ask["calls"], cold=ask["cold"]))


def _measure(call: Callable[[], object], *, calls: int, cold: bool) -> dict[str, float]:
    """Microseconds of one call. Cold: 5 ms asleep and the cache swept before each, as a bot that waits for trades."""
    taken_us = []
    for _ in range(calls):
        if cold:
            time.sleep(0.005)
            _SWEEP[:] = _ZEROS
        began = time.perf_counter_ns()
        call()
        taken_us.append((time.perf_counter_ns() - began) / 1e3)
    taken_us.sort()
    return {"p50": statistics.median(taken_us), "p99": taken_us[int(len(taken_us) * 0.99)]}


def _say(message: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Side:
    """A competitor: the interpreter and the script (in `bench/sides`) that serves its cases."""

    name: str
    script: str
    python: str = sys.executable


@dataclass(frozen=True, slots=True)
class Ask:
    """One table: `case` as the sides' scripts name it."""

    case: str
    cold: bool
    calls: int

    @property
    def title(self) -> str:
        return f"{self.case}, {'cold' if self.cold else 'hot'}"


class _Running:
    """A side's process; its answers come one line at a time."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._process = subprocess.Popen(  # noqa: S603 - our own scripts
            [side.python, str(HERE / "sides" / side.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
        self.versions: dict[str, str] = self._read()["versions"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=30)

    def measure(self, ask: Ask) -> dict[str, float]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"case": ask.case, "calls": ask.calls, "cold": ask.cold}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.side.name} ended; its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def compare(sides: Sequence[Side], asks: Sequence[Ask], *, rounds: int) -> dict[str, Any]:
    """Medians of the rounds' p50 and p99 in µs, and each side's p50 as a multiple of the first side's."""
    order = random.Random(0)  # noqa: S311 - shuffles rounds
    seen: dict[tuple[str, str], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = [stack.enter_context(_Running(side)) for side in sides]
        for _ in range(rounds):
            for ask in asks:
                for each in order.sample(running, len(running)):
                    seen.setdefault((ask.title, each.side.name), []).append(each.measure(ask))
    return {
        "machine": machine(),
        "versions": {each.side.name: each.versions for each in running},
        "tables": {ask.title: _table(ask.title, sides, seen) for ask in asks},
    }


def _table(
    title: str, sides: Sequence[Side], seen: Mapping[tuple[str, str], list[dict[str, float]]]
) -> dict[str, dict[str, float]]:
    rows = {
        side.name: {p: statistics.median(r[p] for r in seen[title, side.name]) for p in ("p50", "p99")}
        for side in sides
    }
    ours = rows[sides[0].name]["p50"]
    return {name: {**row, "ratio": row["p50"] / ours} for name, row in rows.items()}


def show(result: Mapping[str, Any], *, command: str) -> None:
    """The whole result for people; `command` makes it again."""
    print(f"machine   {result['machine']}\ncommand   {command}")
    for side, versions in result["versions"].items():
        print(f"versions  {side}: " + ", ".join(f"{name} {v}" for name, v in versions.items()))
    for title, rows in result["tables"].items():
        print(f"\n{title:<34} {'p50 µs':>10} {'p99 µs':>10} {'ratio':>8}")
        for name, row in rows.items():
            print(f"  {name:<32} {row['p50']:>10.1f} {row['p99']:>10.1f} {row['ratio']:>7.1f}x")


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
    folder = HERE.parent / f".venv-bench-{name}"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {folder.name} with {', '.join(requirements)}", file=sys.stderr)
        venv_module.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)  # noqa: S603
        stamp.write_text(wanted)
    return str(python)
