"""Queues of target orders: one for each token, exits before entries."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from polybot.core.fills import TargetOrder
from polybot.core.ids import OrderId, TokenId
from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, Shares


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
    token: TokenId
    exits: deque[Work] = field(default_factory=deque)
    entries: deque[Work] = field(default_factory=deque)
    busy: bool = False

    def take(self) -> Work | None:
        if self.exits:
            return self.exits.popleft()
        return self.entries.popleft() if self.entries else None


class Lanes:
    """Only tokens with work have a lane."""

    def __init__(self) -> None:
        self._lanes: dict[TokenId, Lane] = {}

    def put(self, work: Work) -> None:
        token = work.order.token
        lane = self._lanes.setdefault(token, Lane(token))
        (lane.exits if work.order.side is Side.SELL else lane.entries).append(work)

    def claim(self) -> Iterator[Lane]:
        """Every lane that no one works on; it is the caller's until it is given back."""
        for lane in list(self._lanes.values()):
            if not lane.busy:
                lane.busy = True
                yield lane

    def give_back(self, lane: Lane) -> None:
        """What is still queued in it is dropped."""
        del self._lanes[lane.token]

    def __len__(self) -> int:
        return len(self._lanes)
