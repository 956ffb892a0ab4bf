"""A running simulator whose faults are posted, and its sockets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.engine.accounts import Account
from simulated_venue import V1, Running

Socket = aiohttp.ClientWebSocketResponse
PATIENCE_S = 5.0
NONSENSE = json.dumps({"action": "subscribe", "subscriptions": [{"topic": "nonsense", "type": "x"}]})


@dataclass
class Faulty:
    running: Running
    session: aiohttp.ClientSession
    skipped: list[str] = field(default_factory=list)

    async def arm(self, fault: str, **more: object) -> None:
        async with self.session.post(f"{self.running.urls.control}/faults", json={"fault": fault, **more}) as answer:
            assert answer.status == 200, await answer.text()

    async def control(self, method: str, path: str) -> Any:
        async with self.session.request(method, self.running.urls.control + path) as answer:
            return await answer.json()

    async def struck(self) -> list[str]:
        """Kinds, in order."""
        return [strike["kind"] for strike in (await self.control("GET", "/faults"))["strikes"]]

    async def get(self, path: str, *, service: str = "clob", timeout_s: float = PATIENCE_S) -> tuple[int, bytes]:
        limit = aiohttp.ClientTimeout(total=timeout_s)
        async with self.session.get(getattr(self.running.urls, service) + path, timeout=limit) as answer:
            return answer.status, await answer.read()

    async def books(self) -> int:
        """The status of a POST, which no client sends again by itself."""
        async with self.session.post(self.running.urls.clob + "/books", json=[]) as answer:
            return answer.status

    @property
    def alice(self) -> Account:
        accounts = self.running.simulator.world.exchange.accounts
        return next(account for account in accounts if account.name == "alice")

    @property
    def tokens(self) -> list[TokenId]:
        return [outcome.token for outcome in self.running.market(V1).outcomes]

    def trade(self, *, price: str = "0.60", tif: TimeInForce = TimeInForce.FAK, size: str = "10") -> None:
        simulator = self.running.simulator
        simulator.world.step(self.running.clock.now_ns())
        simulator.desk.trade(
            trader="alice",
            token=self.tokens[0],
            side=Side.BUY,
            size=Shares.parse(size),
            price=Price.parse(price),
            tif=tif,
        )

    @asynccontextmanager
    async def market(self, **more: object) -> AsyncIterator[Socket]:
        """Subscribed to both outcomes; nothing was read yet."""
        async with self.session.ws_connect(self.running.urls.ws_market) as socket:
            await socket.send_json({"type": "market", "assets_ids": self.tokens, **more})
            await self.heard(socket)
            yield socket

    @asynccontextmanager
    async def activity(self) -> AsyncIterator[Socket]:
        """Asked for every fill; what it was answered is in `skipped`."""
        async with self.session.ws_connect(self.running.urls.ws_activity) as socket:
            assert await socket.receive_str() == ""
            await socket.send_json({"action": "subscribe", "subscriptions": [{"topic": "activity", "type": "trades"}]})
            self.skipped = await self._until_answered(socket, NONSENSE, sign="nonsense")
            yield socket

    async def rows(self, socket: Socket) -> list[dict[str, Any]]:
        """Payloads about the trader's next fill."""
        self.trade()
        await self.running.advance(10)
        told = await self._until_answered(socket, NONSENSE, sign="nonsense")
        return [json.loads(frame)["payload"] for frame in told]

    async def heard(self, socket: Socket) -> None:
        """All that is due was told, and is in `skipped`: the venue refuses what is asked after it."""
        early = await self._until_answered(socket, "noise", sign="INVALID OPERATION")
        await self.running.advance(0)
        self.skipped = early + await self._until_answered(socket, "noise", sign="INVALID OPERATION")

    @staticmethod
    async def _until_answered(socket: Socket, question: str, *, sign: str) -> list[str]:
        """What came before the answer to a question."""
        await socket.send_str(question)
        told = [await socket.receive_str(timeout=PATIENCE_S)]
        while sign not in told[-1]:
            told.append(await socket.receive_str(timeout=PATIENCE_S))
        return told[:-1]


@asynccontextmanager
async def faulty(running: Running) -> AsyncIterator[Faulty]:
    running.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("1000"), name="alice")
    async with aiohttp.ClientSession() as session:
        yield Faulty(running, session)
