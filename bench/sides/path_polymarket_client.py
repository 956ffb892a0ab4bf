"""The same flow on the official client, as its user would write it: json, Decimal, sorted books, SQLAlchemy, httpx.

It keeps less than ours does: no cursor, no target positions, no snapshot, no reservation, one set of seen rows. The
commit is made in the event loop, which is faster than the usual detour through a thread.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_DOWN, Decimal
from importlib.util import find_spec

import websockets
from polymarket._internal import wallet
from polymarket.environments import PRODUCTION, _create_environment
from polymarket.models.clob.api_key import ApiKeyCreds
from sortedcontainers import SortedDict  # type: ignore[import-untyped]
from sqlalchemy import Column, Engine, Integer, MetaData, Table, Text, create_engine, event, insert

from bench import payloads
from bench.harness import hello, say
from polymarket import AsyncSecureClient

CENT, RATIO, SLIPPAGE, MAX_POSITION = Decimal("0.01"), Decimal("0.25"), Decimal("0.03"), Decimal(1000)
TARGETS = {payloads.TARGET.lower()}

metadata = MetaData()
fills = Table("fills", metadata, Column("id", Integer, primary_key=True), Column("row", Text), Column("seen_ns", Text))
decisions = Table("decisions", metadata, Column("id", Integer, primary_key=True), Column("why", Text))
orders = Table("orders", metadata, Column("id", Integer, primary_key=True), Column("body", Text), Column("state", Text))


@dataclass(frozen=True)
class Fill:
    asset: str
    side: str
    price: Decimal
    size: Decimal
    tx: str


class Bot:
    def __init__(self, client: AsyncSecureClient, engine: Engine) -> None:
        self._client = client
        self._engine = engine
        self._seen: set[tuple[str, str, str, Decimal]] = set()
        self._cash = Decimal(10_000)
        bids, asks = payloads.book_levels()
        self._bids = SortedDict({Decimal(level["price"]): Decimal(level["size"]) for level in bids})
        self._asks = SortedDict({Decimal(level["price"]): Decimal(level["size"]) for level in asks})

    async def copies(self, socket_url: str) -> AsyncIterator[list[int]]:
        """The stamps of each copied fill."""
        async with websockets.connect(socket_url.replace("http", "ws", 1)) as socket:
            await socket.send('{"action":"subscribe","subscriptions":[{"topic":"activity","type":"trades"}]}')
            say(hello("polymarket-client", "sqlalchemy", "httpx", "websockets", *_coincurve()))
            async for text in socket:
                stamps = [time.monotonic_ns()]
                fill = self._read(text)
                if fill is None:
                    continue
                stamps.append(time.monotonic_ns())
                if not self._is_new(fill):
                    continue
                stamps.append(time.monotonic_ns())
                await self._copy(fill, stamps)
                yield stamps

    def _read(self, text: str | bytes) -> Fill | None:
        message = json.loads(text)
        row = message.get("payload", {})
        if row.get("proxyWallet", "").lower() not in TARGETS:
            return None
        price, size = Decimal(str(row["price"])), Decimal(str(row["size"]))
        return Fill(row["asset"], row["side"], price, size, row["transactionHash"])

    def _is_new(self, fill: Fill) -> bool:
        key = (fill.tx, fill.asset, fill.side, fill.size)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    async def _copy(self, fill: Fill, stamps: list[int]) -> None:
        limit = (fill.price * (1 + SLIPPAGE)).quantize(Decimal("0.001"), rounding=ROUND_DOWN)
        spend, shares = self._walk(fill.size * RATIO, limit)
        spend = min(spend, MAX_POSITION, self._cash).quantize(CENT, rounding=ROUND_DOWN)
        if spend < 1:
            return
        stamps.append(time.monotonic_ns())
        signed = await self._client.create_market_order(
            asset_id=fill.asset, side="BUY", amount=spend, max_price=limit, order_type="FAK"
        )
        stamps.append(time.monotonic_ns())
        why = {"limit": str(limit), "shares": str(shares), "spend": str(spend), "best": str(self._asks.peekitem(0)[0])}
        with self._engine.begin() as connection:
            connection.execute(insert(fills), {"row": str(fill), "seen_ns": str(stamps[0])})
            connection.execute(insert(decisions), {"why": json.dumps(why)})
            connection.execute(insert(orders), {"body": json.dumps(asdict(signed)), "state": "submitting"})
        stamps.append(time.monotonic_ns())
        await self._client.post_order(signed)

    def _walk(self, wanted: Decimal, limit: Decimal) -> tuple[Decimal, Decimal]:
        spend, left = Decimal(0), wanted
        for price, size in self._asks.items():
            if price > limit or left <= 0:
                break
            taken = min(left, size)
            spend += taken * price
            left -= taken
        return spend, wanted - left


def durable_engine(path: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    metadata.create_all(engine)
    return engine


async def open_client(http_url: str) -> AsyncSecureClient:
    """Ready to trade, and with the market's facts in its cache."""
    environment = _create_environment(name="bench", config=replace(PRODUCTION._config, clob_url=http_url))  # noqa: SLF001
    credentials = ApiKeyCreds(key=payloads.API_KEY, passphrase=payloads.API_PASSPHRASE, secret=payloads.API_SECRET)
    derivation = PRODUCTION._config.wallet_derivation  # noqa: SLF001
    safe = wallet.derive_safe_wallet_address(payloads.KEY_ADDRESS, derivation)
    client: AsyncSecureClient = await AsyncSecureClient._create(  # noqa: SLF001
        private_key=payloads.KEY,
        wallet=safe,
        environment=environment,
        credentials=credentials,
        validate_credentials=False,
    )
    await client.create_market_order(
        asset_id=payloads.ASSET, side="BUY", amount=Decimal(10), max_price=Decimal("0.53"), order_type="FAK"
    )
    return client


def _coincurve() -> list[str]:
    return ["coincurve"] if find_spec("coincurve") else []


async def main() -> None:
    socket_url, http_url, database = sys.argv[1:]
    client = await open_client(http_url)
    try:
        async for stamps in Bot(client, durable_engine(database)).copies(socket_url):
            say({"stamps_ns": stamps})
    finally:
        await client.close()


asyncio.run(main())
