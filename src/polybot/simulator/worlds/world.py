"""A venue with a life of its own: what was recorded or generated happens when its time comes."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from polybot.core.ids import Wallet
from polybot.simulator.engine.accounts import SYSTEM
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.worlds.generator import Scenario, populate
from polybot.simulator.worlds.tape_player import TapePlayer
from polybot.simulator.worlds.tapes import read_tape
from polybot.utils.clock import Clock, wait_event

_NS = 1_000_000_000
_LONGEST_NAP_S = 3600.0
BURST = 32
"""After so many things in a row others run: whoever passes on what happened must keep up."""
DEFAULT_SCENARIO = Scenario()


class SuggestedTarget(NamedTuple):
    name: str
    wallet: Wallet


class World:
    """`exchange` changes only inside `step` and through those who call it."""

    def __init__(self, exchange: Exchange, *, ends_at_ns: int, targets: Iterable[Wallet]) -> None:
        self.exchange = exchange
        self.starts_at_ns = exchange.now_ns
        self.ends_at_ns = ends_at_ns
        self._targets = tuple(targets)

    def step(self, until_ns: int) -> None:
        """Everything due by then, in order; call it before each request. Time never runs backwards."""
        self.exchange.advance(until_ns)

    async def run(self, clock: Clock) -> None:
        """Steps whenever something is due, until cancelled."""
        agenda, sooner = self.exchange.agenda, asyncio.Event()
        agenda.on_sooner = sooner.set
        while True:
            now_ns = clock.now_ns()
            if agenda.run_some(now_ns, most=BURST):
                await clock.sleep(0)
                continue
            sooner.clear()
            due_ns = agenda.next_ns()
            nap_s = _LONGEST_NAP_S if due_ns is None else (due_ns - now_ns) / _NS
            await wait_event(clock, sooner, timeout_s=nap_s)

    def hush(self) -> None:
        """Nothing scripted happens any more; orders and trades under way come to their end."""
        self.exchange.agenda.hush()

    def suggested_targets(self) -> Sequence[SuggestedTarget]:
        """Wallets worth following."""
        names = self.names()
        return [SuggestedTarget(names.get(wallet) or f"{wallet[:6]}-{wallet[-4:]}", wallet) for wallet in self._targets]

    def names(self) -> dict[Wallet, str]:
        """Public profile names."""
        accounts = self.exchange.accounts
        return {account.wallet: account.name for account in accounts if account.name and account.wallet not in SYSTEM}


def generated_world(*, seed: int, start_ns: int, scenario: Scenario = DEFAULT_SCENARIO) -> World:
    """A lively hour of made-up markets and traders."""
    exchange = Exchange(now_ns=start_ns, seed=seed)
    populate(exchange, scenario, seed=seed)
    return World(exchange, ends_at_ns=start_ns + scenario.duration_s * _NS, targets=_named(exchange))


def tape_world(paths: Iterable[str], *, seed: int) -> World:
    """Recorded tapes played together, each from its own zero at the first one's recorded start.

    Where no tape has a fill, made-up traders trade on the recorded books. OSError if a file cannot be read,
    TapeError naming file, line and field of what is wrong.
    """
    tapes = [read_tape(path) for path in paths]
    player = TapePlayer(tapes, seed=seed)
    player.start()
    exchange = player.exchange
    return World(exchange, ends_at_ns=player.ends_at_ns, targets=player.wallets or _named(exchange))


def _named(exchange: Exchange) -> list[Wallet]:
    return [account.wallet for account in exchange.accounts if account.name]
