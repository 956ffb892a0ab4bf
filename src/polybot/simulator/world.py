"""A venue with a life of its own: what was recorded or generated happens when its time comes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from polybot.core.ids import Wallet
from polybot.simulator.exchange import Exchange
from polybot.utils.clock import Clock


class SuggestedTarget(NamedTuple):
    name: str
    wallet: Wallet


class World:
    """`exchange` changes only inside `step` and through those who call it."""

    exchange: Exchange
    starts_at_ns: int
    ends_at_ns: int

    def step(self, until_ns: int) -> None:
        """Everything due by then, in order; call it before each request. Time never runs backwards."""
        raise NotImplementedError

    async def run(self, clock: Clock) -> None:
        """Steps whenever something is due, until cancelled."""
        raise NotImplementedError

    def suggested_targets(self) -> Sequence[SuggestedTarget]:
        """Wallets worth following."""
        raise NotImplementedError

    def names(self) -> dict[Wallet, str]:
        """Public profile names."""
        raise NotImplementedError


def generated_world(*, seed: int, start_ns: int) -> World:
    """A lively hour of made-up markets and traders."""
    raise NotImplementedError


def tape_world(paths: Iterable[str], *, seed: int) -> World:
    """Recorded tapes played together; TapeError names file, line and field of what is wrong."""
    raise NotImplementedError
