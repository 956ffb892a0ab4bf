"""The dead man's switch: an API key that has sent a heartbeat must go on, or all its orders are cancelled."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from polybot.core.ids import Wallet
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKey
from polybot.simulator.rest.order_entry import read
from polybot.simulator.rest.replies import Answer, Refusal, reply


class Beat(msgspec.Struct):
    heartbeat_id: str = ""


@dataclass(slots=True)
class _Armed:
    id: str
    beats: int


class Heartbeats:
    """The first beat arms, each answer names the id the next must bring, and nothing disarms but running out."""

    def __init__(
        self, *, agenda: Agenda, gate: Gate, seed: int, timeout_s: float, expire: Callable[[Wallet], None]
    ) -> None:
        """`expire` cancels all orders of a signing address."""
        self._agenda = agenda
        self._gate = gate
        self._seed = seed
        self._timeout_s = timeout_s
        self._expire = expire
        self._armed: dict[str, _Armed] = {}
        self._beats = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/heartbeats", self._beat)]

    async def _beat(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        given = read(await request.read() or b"{}", Beat).heartbeat_id
        armed = self._armed.get(key.key)
        expected = armed.id if armed else ""
        if given != expected:
            raise Refusal(400, {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": expected})
        return reply({"heartbeat_id": self._arm(key)})

    def _arm(self, key: ApiKey) -> str:
        self._beats += 1
        beat = self._beats
        digest = hashlib.blake2b(f"{self._seed}:heartbeat:{beat}".encode(), digest_size=16).digest()
        armed = self._armed[key.key] = _Armed(str(uuid.UUID(bytes=digest, version=4)), beat)
        self._agenda.after(self._timeout_s, lambda: self._run_out(key, beat))
        return armed.id

    def _run_out(self, key: ApiKey, beat: int) -> None:
        armed = self._armed.get(key.key)
        if armed and armed.beats == beat:
            del self._armed[key.key]
            self._expire(Wallet(key.address))
