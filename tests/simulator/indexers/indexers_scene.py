"""A still world behind indexers that lag, on a clock moved by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from polybot.core.ids import ConditionId, TokenId, Wallet, parse_wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.engine.model import Print
from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.options import NO_CACHE, CacheAges, Delays, Endpoints, Options
from polybot.simulator.server import Simulator
from polybot.utils.clock import ManualClock
from simulated_venue import V1, still_world

COMPLETE = IndexerOptions(enrichment_s=0.0, combo_share=0.0)
"""Rows are whole at once, and nobody trades combos."""


@dataclass
class Scene:
    simulator: Simulator
    urls: Endpoints
    clock: ManualClock
    session: aiohttp.ClientSession
    alice: OpenedAccount
    _unique: int = field(default=0)

    @property
    def wallet(self) -> Wallet:
        return parse_wallet(self.alice.wallet)

    def token(self, condition: ConditionId = V1, outcome: int = 0) -> TokenId:
        market = self.simulator.world.exchange.market(condition)
        assert market is not None
        return market.outcomes[outcome].token

    def trade(self, side: Side, shares: str, *, condition: ConditionId = V1, outcome: int = 0) -> None:
        """At the other side's best prices."""
        self.simulator.world.step(self.clock.now_ns())
        price = Price.parse("0.60" if side is Side.BUY else "0.40")
        token, size = self.token(condition, outcome), Shares.parse(shares)
        self.simulator.desk.trade(trader="alice", token=token, side=side, size=size, price=price)

    def print_fill(self, shares: str, *, tx: str, times: int = 1) -> None:
        """A recorded fill of Alice's, perhaps several alike."""
        self.simulator.world.step(self.clock.now_ns())
        size = Shares.parse(shares)
        fill = Print(self.wallet, self.token(), Side.BUY, size, Usdc(size.micro // 2), name="alice")
        self.simulator.world.exchange.print_fills([fill] * times, tx=tx)

    async def advance(self, seconds: float) -> None:
        await self.simulator.control.advance(seconds)

    async def ask(self, url: str, query: dict[str, str], **request: Any) -> tuple[aiohttp.ClientResponse, Any]:
        async with self.session.get(url, params=query, **request) as answer:
            raw = await answer.read()
            return answer, msgspec.json.decode(raw) if "json" in answer.content_type else raw.decode()

    async def data(self, path: str, **query: str) -> tuple[aiohttp.ClientResponse, Any]:
        return await self.ask(self.urls.data + path, query)

    async def rows(self, path: str, **query: str) -> Any:
        """The data of a fresh answer."""
        self._unique += 1
        answer, body = await self.data(path, **query, _=str(self._unique))
        assert answer.status == 200, body
        return body["data"]

    async def mine(self, path: str = "/v2/activity", **query: str) -> Any:
        return await self.rows(path, user=self.wallet, **query)

    async def gamma(self, path: str, **query: str) -> Any:
        answer, body = await self.ask(self.urls.gamma + path, query)
        assert answer.status == 200, body
        return body

    async def control(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        async with self.session.post(self.urls.control + path, data=msgspec.json.encode(body)) as answer:
            return answer.status, msgspec.json.decode(await answer.read())


@asynccontextmanager
async def scene(
    indexers: IndexerOptions = COMPLETE, *, cache: CacheAges = NO_CACHE, delays: Delays | None = None
) -> AsyncIterator[Scene]:
    clock = ManualClock()
    options = Options(delays=delays or Delays(), cache=cache, indexers=indexers)
    simulator = Simulator(still_world(clock.now_ns()), clock, options)
    urls = await simulator.start()
    alice = simulator.desk.open_account(
        signature_type=SignatureType.POLY_PROXY, balance=Usdc.parse("1000"), name="alice"
    )
    async with aiohttp.ClientSession() as session:
        yield Scene(simulator, urls, clock, session, alice)
    await simulator.stop()
