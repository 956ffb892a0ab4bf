"""Queues of target orders: one for each target and token, exits before entries."""

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.ids import OrderId
from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import ZERO_SHARES, Shares
from polybot.core.portfolio import Held, Portfolio


@dataclass(frozen=True, slots=True)
class Exit:
    """What one exit has to sell, over all its legs. `late` are entries that were still open when it began, each with
    what it had filled by then: what they fill later is to be sold as well."""

    goal: Shares = ZERO_SHARES
    legs: tuple[OrderId, ...] = ()
    late: tuple[tuple[OrderId, Shares], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """One order to decide: leg 0 first, later legs for what an earlier one left. `number` grows with arrival."""

    order: TargetOrder
    number: int
    leg: int = 0
    exit: Exit = Exit()


@dataclass(slots=True)
class Lane:
    held: Held
    exits: deque[Work] = field(default_factory=deque)
    entries: deque[Work] = field(default_factory=deque)
    busy: bool = False

    def take(self) -> Work | None:
        if self.exits:
            return self.exits.popleft()
        return self.entries.popleft() if self.entries else None


class Lanes:
    """Only positions with work have a lane."""

    def __init__(self) -> None:
        self._lanes: dict[Held, Lane] = {}

    def put(self, work: Work) -> None:
        held = (work.order.target, work.order.token)
        lane = self._lanes.setdefault(held, Lane(held))
        (lane.exits if work.order.side is Side.SELL else lane.entries).append(work)

    def claim(self) -> Iterator[Lane]:
        """Every lane that no one works on; it is the caller's until it is given back."""
        for lane in list(self._lanes.values()):
            if not lane.busy:
                lane.busy = True
                yield lane

    def give_back(self, lane: Lane) -> None:
        """What is still queued in it is dropped."""
        del self._lanes[lane.held]

    def __len__(self) -> int:
        return len(self._lanes)


def unsold(exit: Exit, portfolio: Portfolio) -> Shares:
    sold = sum((portfolio.filled(leg) for leg in exit.legs), ZERO_SHARES)
    late = sum((portfolio.filled(entry) - before for entry, before in exit.late), ZERO_SHARES)
    return exit.goal + late - sold


def rest_of_exit(order: TargetOrder, *, rest: Shares, held: Shares) -> TargetOrder:
    """The same target order, cut to what of our exit is left: `rest` of `held`."""
    change = PositionChange.CLOSED if rest >= held else PositionChange.REDUCED
    return replace(order, shares=min(rest, held), held_before=held, change=change)


def sellable(work: Work, portfolio: Portfolio) -> bool:
    held = portfolio.inventory(work.order.target, work.order.token)
    return min(held, unsold(work.exit, portfolio)).micro >= SHARE_GRAIN


def may_grow(exit: Exit, portfolio: Portfolio, open_orders: Container[OrderId]) -> bool:
    """Whether a sale may still fail, or a late entry still fill."""
    return any(map(portfolio.settling, exit.legs)) or any(entry in open_orders for entry, _ in exit.late)
