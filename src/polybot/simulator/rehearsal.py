"""A world, its feeds and a fault script on a virtual clock: no sockets, no waiting, the same bytes in every run."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import msgspec

from polybot.simulator.desk import truth_by_wallet
from polybot.simulator.engine.accounts import SYSTEM
from polybot.simulator.faults.engine import Tell
from polybot.simulator.faults.kinds import AnyFault
from polybot.simulator.options import Options
from polybot.simulator.rest.replies import encode
from polybot.simulator.server import Simulator
from polybot.simulator.streams.outbox import Conversation
from polybot.simulator.worlds.generator import Scenario
from polybot.simulator.worlds.world import generated_world
from polybot.utils.clock import ManualClock

STARTS_NS = 1_795_000_000_000_000_000
"""Every rehearsal of a generated world starts at this moment."""
_NS = 1_000_000_000
_STEP_S = 60
_NONCE = 0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it. The digests are SHA-256: over the frames in the order in which they were sent, and over the
    ledger as JSON."""

    simulated_s: float
    frames: int
    strikes: int
    fills: int
    frames_sha256: str
    ledger_sha256: str
    imbalance: str


class _Audience:
    """Listens to each feed, for everything there is, and to the user feed for every account."""

    def __init__(self, simulator: Simulator) -> None:
        self.frames = 0
        self.digest = hashlib.sha256()
        self._simulator = simulator
        self._known: dict[str, None] = {}
        self._market = simulator.feeds.market.join(_Seat(self, "market"))
        self._activity = simulator.feeds.activity.join(_Seat(self, "activity"))
        topics = [{"topic": "activity", "type": kind} for kind in ("trades", "orders_matched")]
        _say(self._activity, {"action": "subscribe", "subscriptions": topics})
        _say(self._market, {"type": "market", "assets_ids": [], "custom_feature_enabled": True})
        node = simulator.chain.join(_Seat(self, "chain"))
        for number, channel in enumerate((["newHeads"], ["logs", {}]), start=1):
            ask = {"jsonrpc": "2.0", "id": number, "method": "eth_subscribe", "params": channel}
            simulator.chain.obey(node, msgspec.json.encode(ask).decode())

    def hear(self, seat: str, frame: str) -> None:
        self.frames += 1
        self.digest.update(f"{self._simulator.world.exchange.now_ns} {seat} {frame}\n".encode())

    def look(self) -> None:
        """Asks for the markets and accounts that are new, and lets nobody think that it has gone."""
        exchange = self._simulator.world.exchange
        if tokens := self._new(outcome.token for market in exchange.markets() for outcome in market.outcomes):
            _say(self._market, {"operation": "subscribe", "assets_ids": tokens})
        for owner in self._new(account.owner for account in exchange.accounts if account.wallet not in SYSTEM):
            key = self._simulator.keys.create(owner, nonce=_NONCE)
            auth = {"apiKey": key.key, "secret": key.secret, "passphrase": key.passphrase}
            _say(self._simulator.feeds.user.join(_Seat(self, f"user {owner}")), {"type": "user", "auth": auth})
        self._activity.hear("PING")

    def _new(self, names: Iterable[str]) -> list[str]:
        found = [name for name in names if name not in self._known]
        self._known.update(dict.fromkeys(found))
        return found


class _Seat:
    """A client that reads everything at once."""

    def __init__(self, audience: _Audience, name: str) -> None:
        self._audience = audience
        self._name = name

    def offer(self, frame: str) -> None:
        self._audience.hear(self._name, frame)

    def cut(self, code: int | None) -> None:
        self._audience.hear(self._name, f"closed with {code}")


def _say(talk: Conversation, request: Mapping[str, Any]) -> None:
    talk.hear(msgspec.json.encode(request).decode())


def rehearse(
    *,
    seconds: float,
    seed: int,
    faults: Sequence[AnyFault] = (),
    tell: Tell | None = None,
    passed: Callable[[float], None] = lambda _: None,
) -> Rehearsal:
    """A generated world for so many simulated seconds. `passed` hears of each simulated minute."""
    world = generated_world(seed=seed, start_ns=STARTS_NS, scenario=Scenario(duration_s=ceil(seconds)))
    simulator = Simulator(world, ManualClock(now_ns=STARTS_NS), Options(seed=seed))
    simulator.faults.tell = tell
    simulator.faults.arm(faults)
    audience = _Audience(simulator)
    done_s = 0.0
    while done_s < seconds:
        audience.look()
        done_s = min(seconds, done_s + _STEP_S)
        world.step(STARTS_NS + round(done_s * _NS))
        passed(done_s)
    return _outcome(simulator, audience, done_s)


def _outcome(simulator: Simulator, audience: _Audience, done_s: float) -> Rehearsal:
    exchange = simulator.world.exchange
    truth = exchange.ledger()
    return Rehearsal(
        simulated_s=done_s,
        frames=audience.frames,
        strikes=sum(armed.struck for armed in simulator.faults.armed),
        fills=len(truth.fills),
        frames_sha256=audience.digest.hexdigest(),
        ledger_sha256=hashlib.sha256(encode(truth_by_wallet(truth))).hexdigest(),
        imbalance=exchange.imbalance(),
    )
