"""How many orders a second the simulated venue takes over the wire: signed, authenticated, matched, told.

`polybot simulate` is a process of its own; this one is its clients, a few connections that each wait for their answer.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.harness import Result, environment, progress, spread
from polybot.core.amounts import limit_amounts
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.core.orders import OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.auth import ApiCredentials, L2Auth, l1_headers
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.signing import LocalSigner

_TICK = Price.parse("0.01")
_PRICE = Price.parse("0.50")
_SHARES = Shares.parse("10")


@dataclass(frozen=True, slots=True)
class _Trader:
    """Buys one outcome at a half; two of them, on the two outcomes, fill each other by minting pairs."""

    auth: L2Auth
    factory: OrderFactory
    terms: OrderTerms

    def request(self, salt: int) -> bytes:
        now_ns = time.time_ns()
        body = self.factory.build(self.terms, neg_risk=False, salt=salt, timestamp_ms=now_ns // 1_000_000).body
        headers = self.auth.headers(method="POST", path="/order", body=body, timestamp_s=now_ns // 1_000_000_000)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        start = f"POST /order HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return (start + head + "\r\n").encode() + body


def run(*, rounds: int, orders: int, connections: int = 8) -> Result:
    return asyncio.run(_run(rounds=rounds, orders=orders, connections=connections))


async def _run(*, rounds: int, orders: int, connections: int) -> Result:
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(_simulator())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        await session.post(f"{urls['control']}/limits", json={"signers": "off"})
        traders = await _traders(session, urls)
        seen = []
        for number in range(rounds):
            progress(f"  round {number + 1} of {rounds}")
            requests = [traders[n % 2].request(number * orders + n + 1) for n in range(orders)]
            seen.append(await _round(urls["clob"], requests, connections=connections))
    row = {name: statistics.median(each[name] for each in seen) for name in seen[0]}
    note = f"{connections} connections, {orders} orders a round; half of them rest, half of them match"
    return Result({}, {"orders over the wire": {"polybot simulate": row}}, (note,))


@asynccontextmanager
async def _simulator() -> AsyncIterator[dict[str, str]]:
    command = (str(Path(sys.executable).with_name("polybot")), "simulate")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment())
    assert process.stdout
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _traders(session: aiohttp.ClientSession, urls: dict[str, str]) -> list[_Trader]:
    async with session.get(f"{urls['gamma']}/markets?limit=50") as answer:
        market = next(found for found in await answer.json() if not found["negRisk"] and found["version"] == "v1")
    tokens = json.loads(market["clobTokenIds"])
    return [await _trader(session, urls, token=token, condition=market["conditionId"]) for token in tokens]


async def _trader(session: aiohttp.ClientSession, urls: dict[str, str], *, token: str, condition: str) -> _Trader:
    wanted = {"wallet_type": "deposit", "balance": 10_000_000}
    async with session.post(f"{urls['control']}/accounts", json=wanted) as answer:
        account: dict[str, Any] = await answer.json()
    signer = LocalSigner.from_hex(account["private_key"])
    headers = l1_headers(signer, chain_id=POLYGON, timestamp_s=time.time_ns() // 1_000_000_000, nonce=0)
    async with session.post(f"{urls['clob']}/auth/api-key", headers=headers) as answer:
        key = await answer.json()
    factory = OrderFactory(
        signer, funder=account["wallet"], signature_type=SignatureType.POLY_1271, api_key=key["apiKey"]
    )
    amounts = limit_amounts(Side.BUY, price=_PRICE, shares=_SHARES, tick=_TICK)
    terms = OrderTerms(
        token=TokenId(token), condition=ConditionId(condition), side=Side.BUY, limit=_PRICE, amounts=amounts,
        tif=TimeInForce.GTC,
    )  # fmt: skip
    credentials = ApiCredentials(key["apiKey"], key["secret"], key["passphrase"])
    return _Trader(L2Auth(signer.address, credentials), factory, terms)


async def _round(url: str, requests: Sequence[bytes], *, connections: int) -> dict[str, float]:
    """Orders a second, and what one took from its first byte to the answer's last, in microseconds."""
    took_us: list[float] = []
    waiting = iter(requests)
    began_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            group.create_task(_client(url, waiting, took_us), name=f"client-{number}")
    whole_s = time.perf_counter() - began_s
    return {"orders/s": len(requests) / whole_s, **spread(took_us)}


async def _client(url: str, waiting: Iterator[bytes], took_us: list[float]) -> None:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for request in waiting:
        began_s = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        took_us.append((time.perf_counter() - began_s) * 1e6)
        if b" 200 " not in head[:20] or b'"success":true' not in body:
            raise RuntimeError(f"an order was refused: {body.decode()}")
    writer.close()
    await writer.wait_closed()


def _length(head: bytes) -> int:
    named = (line.split(b":", 1) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    return int(next(named)[1])
