"""What a demo has on show."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from polybot.app.followed import Followed
from polybot.core.portfolio import Portfolio
from polybot.decision.model import Decision
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.simulator.worlds.world import World
from polybot.telemetry.memory import MemoryTelemetry


@dataclass(slots=True)
class Stage:
    """What is on show: the simulator, the bot's books, and what was decided."""

    simulator: Simulator
    clock: SimClock
    portfolio: Portfolio
    followed: Sequence[Followed]
    world: World
    telemetry: MemoryTelemetry
    decisions: list[Decision] = field(default_factory=list)
