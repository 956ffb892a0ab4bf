"""Which faults are at work, what they struck, and the dice that decide."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.faults.base import Fault
from polybot.simulator.faults.kinds import AnyFault
from polybot.simulator.faults.subject import Subject
from polybot.simulator.worlds.houses import dice

Tell = Callable[[Mapping[str, Any]], None]
"""Hears what is worth recording, as JSON objects."""
KEPT_STRIKES = 10_000
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Strike:
    """`ordinal` counts the fault's opportunities from 1."""

    at_ns: int
    fault: int
    kind: str
    subject: str
    ordinal: int


@dataclass(slots=True, eq=False)
class Armed:
    """A fault at work. `number` names it for good; `undo` takes back what it did to the venue's state."""

    number: int
    spec: AnyFault
    since_ns: int
    seed: int
    opportunities: int = 0
    struck: int = 0
    cleared: bool = False
    undo: Callable[[], None] | None = None
    _dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._dice = dice(self.seed, of=f"fault:{self.number}")

    @property
    def starts_ns(self) -> int:
        return self.since_ns + round(self.spec.after_s * _NS)

    @property
    def ends_ns(self) -> int | None:
        return None if self.spec.for_s is None else self.starts_ns + round(self.spec.for_s * _NS)

    def open_at(self, now_ns: int) -> bool:
        ends_ns = self.ends_ns
        return not self.cleared and self.starts_ns <= now_ns and (ends_ns is None or now_ns < ends_ns)

    def meet(self) -> int | None:
        """One more opportunity: its ordinal if it is struck."""
        self.opportunities += 1
        if not self._hit():
            return None
        self.struck += 1
        return self.opportunities

    def _hit(self) -> bool:
        spec = self.spec
        if spec.hits is not None:
            return self.opportunities in spec.hits
        lucky = spec.probability >= 1 or self._dice.random() < spec.probability
        return lucky and self.opportunities > spec.skip and (spec.count is None or self.struck < spec.count)

    def clear(self) -> None:
        self.cleared = True
        if self.undo:
            self.undo()


@dataclass(frozen=True, slots=True)
class Met:
    """A fault whose scope something lies in; `ordinal` None: it passes unharmed."""

    armed: Armed
    ordinal: int | None

    @property
    def spec(self) -> AnyFault:
        return self.armed.spec

    def dice(self) -> random.Random:
        """For the details of this strike: the same whenever it is repeated."""
        return dice(self.armed.seed, of=f"fault:{self.armed.number}:{self.ordinal}")


class Faults:
    """All faults of a simulator. A fault draws only for what lies in its scope and window, from dice of its own."""

    def __init__(self, agenda: Agenda, *, seed: int) -> None:
        self.agenda = agenda
        self.armed: list[Armed] = []
        self.strikes: deque[Strike] = deque(maxlen=KEPT_STRIKES)
        self.tell: Tell | None = None
        self.on_arm: Callable[[Armed], None] | None = None
        """Hears of each fault before it can strike."""
        self._seed = seed
        self._number = 0
        self._starts_ns = agenda.now_ns

    def arm(self, specs: Iterable[AnyFault]) -> Sequence[Armed]:
        """At work from now on."""
        return [self._arm(spec) for spec in specs]

    def _arm(self, spec: AnyFault) -> Armed:
        armed = Armed(self._number, spec, self.agenda.now_ns, self._seed)
        self._number += 1
        self.armed.append(armed)
        if self.tell:
            armed_s = (armed.since_ns - self._starts_ns) / _NS
            self.tell({"what": "fault", "number": armed.number, "armed_s": armed_s, "script": script_of(spec)})
        if self.on_arm:
            self.on_arm(armed)
        return armed

    def clear(self) -> None:
        """None is at work any more; what they did to the venue's state is undone."""
        gone, self.armed = self.armed, []
        for armed in gone:
            armed.clear()

    def watches(self, family: type[Fault]) -> bool:
        return any(isinstance(armed.spec, family) for armed in self.armed)

    def meet(self, family: type[Fault], subject: Subject) -> list[Met]:
        """Every fault of the family in whose scope this lies, in the order of the script."""
        now_ns = self.agenda.now_ns
        return [
            self.strike(armed, subject)
            for armed in self.armed
            if isinstance(armed.spec, family) and armed.open_at(now_ns) and armed.spec.covers(subject)
        ]

    def struck(self, family: type[Fault], subject: Subject) -> list[Met]:
        return [met for met in self.meet(family, subject) if met.ordinal is not None]

    def strike(self, armed: Armed, subject: Subject) -> Met:
        """One opportunity of one fault."""
        ordinal = armed.meet()
        if ordinal is not None:
            strike = Strike(self.agenda.now_ns, armed.number, armed.spec.fault, str(subject), ordinal)
            self.strikes.append(strike)
            if self.tell:
                self.tell({"what": "strike", **asdict(strike)})
        return Met(armed, ordinal)


def script_of(spec: AnyFault) -> dict[str, Any]:
    """As it could stand in a script."""
    return spec.model_dump(mode="json", exclude_defaults=True) | {"fault": spec.fault}
