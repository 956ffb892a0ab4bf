"""A target's fill in, our order on the wire: ours against the same flow written on the official client.

The fill is pushed by a fake exchange in this process; each bot is a process of its own that decodes it, decides on
its own book, signs, commits with fsync and sends. One bot at a time, in shuffled order.
"""

import asyncio
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from bench.exchange import Copied, Exchange
from bench.harness import CLIENT, COINCURVE, Result, Side, Table, environment, progress, spread, table, venv

STAGES = ("receive", "decode", "dedupe", "decide", "sign", "commit", "request")
_FLOW = (CLIENT, "sqlalchemy==2.1.9", "sortedcontainers==2.4.0")


@dataclass(frozen=True, slots=True)
class Situation:
    """`pause_ms` of silence before the fill, `strangers` fills of others right before it."""

    title: str
    pause_ms: float = 0.0
    strangers: int = 0


SITUATIONS = (
    Situation("one after the other"),
    Situation("after 5 ms of silence", pause_ms=5.0),
    Situation("behind 50 fills of others", strangers=50),
)


@dataclass(frozen=True, slots=True)
class _Trip:
    """`stamps_ns`: the bot's own, between the exchange's two: one after each stage but the last."""

    copied: Copied
    stamps_ns: Sequence[int]

    @property
    def total_us(self) -> float:
        return (self.copied.read_ns - self.copied.fired_ns) / 1e3

    def stages_us(self) -> dict[str, float]:
        moments = [self.copied.fired_ns, *self.stamps_ns, self.copied.read_ns]
        return {stage: (moments[n + 1] - moments[n]) / 1e3 for n, stage in enumerate(STAGES)}


class _Bot:
    """A side's process: says its versions when it is connected, and its stamps when it has dealt with a fill."""

    versions: dict[str, str]

    def __init__(self, side: Side, exchange: Exchange, folder: Path) -> None:
        self.side = side
        self.slug = side.name.replace(" ", "")
        self._exchange = exchange
        self._database = folder / f"{self.slug}.db"

    async def __aenter__(self) -> Self:
        arguments = (self._exchange.socket_url + self.slug, self._exchange.http_url, str(self._database))
        self._process = await asyncio.create_subprocess_exec(
            self.side.python,
            "-m",
            f"bench.sides.{self.side.module}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            env=environment(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()

    async def greet(self) -> None:
        """Waits until it can copy."""
        self.versions = (await self._hear())["versions"]
        await self._exchange.joined(self.slug)

    async def copy(self, situation: Situation) -> _Trip:
        await asyncio.sleep(situation.pause_ms / 1e3)
        copied = await self._exchange.fire(self.slug, strangers=situation.strangers)
        return _Trip(copied, (await self._hear())["stamps_ns"])

    async def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.side.name} ended; its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def clients() -> tuple[str, str]:
    """Interpreters for the baseline: as installed, and with coincurve."""
    return venv("flow", *_FLOW), venv("flow-coincurve", *_FLOW, COINCURVE)


def run(plain: str, fast: str, *, rounds: int, fills: int = 40, warm_up: int = 30) -> Result:
    """`plain`, `fast`: see `clients`. The first `warm_up` fills of each bot are not counted."""
    sides = [
        Side("polybot", "path_polybot"),
        Side("polymarket-client", "path_polymarket_client", plain),
        Side("polymarket-client + coincurve", "path_polymarket_client", fast),
    ]
    return asyncio.run(_run(sides, rounds=rounds, fills=fills, warm_up=warm_up))


async def _run(sides: Sequence[Side], *, rounds: int, fills: int, warm_up: int) -> Result:
    order = random.Random(0)  # noqa: S311 - shuffles rounds
    seen: dict[tuple[str, str], list[list[_Trip]]] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-path-")))
        exchange = await stack.enter_async_context(Exchange())
        bots = [await stack.enter_async_context(_Bot(side, exchange, folder)) for side in sides]
        for bot in bots:
            await bot.greet()
        for bot in bots:
            await _copies(bot, SITUATIONS[0], warm_up)
        for number in range(rounds):
            progress(f"  round {number + 1} of {rounds}")
            for situation in SITUATIONS:
                for bot in order.sample(bots, len(bots)):
                    trips = await _copies(bot, situation, fills)
                    seen.setdefault((situation.title, bot.side.name), []).append(trips)
    return Result({bot.side.name: bot.versions for bot in bots}, _tables(sides, seen), _notes(sides, seen))


async def _copies(bot: _Bot, situation: Situation, fills: int) -> list[_Trip]:
    return [await bot.copy(situation) for _ in range(fills)]


def _tables(sides: Sequence[Side], seen: Mapping[tuple[str, str], list[list[_Trip]]]) -> dict[str, Table]:
    """Whole ways and, of the first two situations, what each stage took."""
    tables: dict[str, Table] = {}
    for situation in SITUATIONS:
        rounds = {side.name: seen[situation.title, side.name] for side in sides}
        totals = {name: [spread([trip.total_us for trip in trips]) for trips in its] for name, its in rounds.items()}
        tables[f"fill to order, {situation.title}"] = table(sides, totals)
        if not situation.strangers:
            tables[f"stages, {situation.title} (p50)"] = {name: _stages(its) for name, its in rounds.items()}
    return tables


def _stages(rounds: Sequence[Sequence[_Trip]]) -> dict[str, float]:
    stages = [trip.stages_us() for trips in rounds for trip in trips]
    return {stage: statistics.median(each[stage] for each in stages) for stage in STAGES}


def _notes(sides: Sequence[Side], seen: Mapping[tuple[str, str], list[list[_Trip]]]) -> tuple[str, ...]:
    notes = []
    for side in sides:
        copied = [
            trip.copied for (_, name), its in seen.items() if name == side.name for trips in its for trip in trips
        ]
        requests, connections = sum(c.requests for c in copied), sum(c.connections for c in copied)
        notes.append(
            f"{side.name}: {len(copied)} orders; between fill and order {requests} other HTTP requests "
            f"and {connections} new connections"
        )
    return tuple(notes)
