"""What was traded, for the CLOB's public reads: last trades, a market's newest fills, and price history."""

import bisect
from collections import defaultdict, deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import Price
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine import model
from polybot.simulator.records import Records
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.order_entry import read
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.wire.markets import number
from polybot.utils.clock import Clock

NS = 1_000_000_000
DAY_S = 86_400
MAX_SPAN_S = 15 * DAY_S
MAX_MARKETS = 20
LATEST = 50
INTERVALS = {"1h": 3600, "6h": 6 * 3600, "1d": DAY_S, "1w": 7 * DAY_S, "1m": 30 * DAY_S, "max": None, "all": None}
Wire = dict[str, Any]


class Trade(NamedTuple):
    at_s: int
    price: Price
    side: Side


class History:
    """Kept from the exchange's events, for both tokens of a market."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._trades: defaultdict[TokenId, list[Trade]] = defaultdict(list)
        self._fills: defaultdict[ConditionId, deque[model.FillRow]] = defaultdict(lambda: deque(maxlen=LATEST))

    def hear(self, event: model.Event) -> None:
        match event:
            case model.LastTrade():
                self._add(event)
            case model.FillsPublished():
                for row in event.rows:
                    self._fills[row.condition].append(row)
            case _:
                return

    def _add(self, event: model.LastTrade) -> None:
        other = self._records.market(event.condition).complement(event.token)
        at_s = event.at_ns // NS
        self._trades[event.token].append(Trade(at_s, event.price, event.side))
        self._trades[other].append(Trade(at_s, event.price.complement(), event.side.opposite))

    def last(self, token: TokenId) -> Trade | None:
        trades = self._trades.get(token)
        return trades[-1] if trades else None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/prices-history", self._one),
            web.post("/batch-prices-history", self._many),
            web.get("/markets/live-activity/{condition}", self._live),
        ]

    async def _one(self, request: web.Request) -> Answer:
        query = request.query
        try:
            wanted = msgspec.convert(
                {
                    "interval": query.get("interval", ""),
                    "start_ts": query.get("startTs"),
                    "end_ts": query.get("endTs"),
                    "fidelity": query.get("fidelity", 1),
                },
                Span,
                strict=False,
            )
        except msgspec.ValidationError:
            raise refuse(400, "Invalid payload") from None
        start_s, end_s = self._span(wanted)
        return reply({"history": self._points(TokenId(query.get("market", "")), start_s, end_s, wanted.fidelity)})

    async def _many(self, request: web.Request) -> Answer:
        wanted = read(await request.read(), Batch)
        if len(wanted.markets) > MAX_MARKETS:
            raise refuse(400, f"Payload exceeds the limit of {MAX_MARKETS}")
        start_s, end_s = self._span(wanted)
        return reply({
            "history": {token: self._points(token, start_s, end_s, wanted.fidelity) for token in wanted.markets}
        })  # fmt: skip

    def _span(self, wanted: "Span") -> tuple[int, int]:
        """Unix seconds, both inclusive. An interval ends now; it is not the length of what may be asked for."""
        now_s = self._clock.now_ns() // NS
        if wanted.interval:
            if wanted.interval not in INTERVALS:
                raise refuse(400, "Invalid interval")
            back_s = INTERVALS[wanted.interval]
            return (0 if back_s is None else now_s - back_s), now_s
        start_s, end_s = wanted.start_ts or 0, now_s if wanted.end_ts is None else wanted.end_ts
        if end_s - start_s > MAX_SPAN_S:
            raise documented("history_too_long")
        return start_s, end_s

    def _points(self, token: TokenId, start_s: int, end_s: int, fidelity: int) -> list[Wire]:
        """The last price of every so many minutes in which there was a trade."""
        trades = self._trades.get(token, [])
        first = bisect.bisect_left(trades, start_s, key=lambda trade: trade.at_s)
        last = bisect.bisect_right(trades, end_s, key=lambda trade: trade.at_s)
        step_s = 60 * max(1, fidelity)
        by_step = {trade.at_s // step_s: trade for trade in trades[first:last]}
        return [{"t": trade.at_s, "p": number(trade.price)} for trade in by_step.values()]

    async def _live(self, request: web.Request) -> Answer:
        condition = ConditionId(request.match_info["condition"].lower())
        try:
            market = self._records.market(condition)
        except LookupError:
            raise documented("market_not_found") from None
        return reply(_events(market, reversed(self._fills.get(condition, ())), self._records))


class Span(msgspec.Struct):
    """`fidelity` in minutes."""

    interval: str = ""
    start_ts: int | None = None
    end_ts: int | None = None
    fidelity: int = 1


class Batch(Span, kw_only=True):
    markets: list[TokenId]


def _events(market: Market, rows: Iterable[model.FillRow], records: Records) -> list[Wire]:
    return [
        {
            "event_type": "trade",
            "market": {
                "condition_id": market.condition,
                "asset_id": row.token,
                "question": market.question,
                "icon": "",
                "slug": market.slug,
            },
            "user": {
                "address": checksum(row.wallet),
                "username": records.name_of(row.wallet),
                "profile_picture": "",
                "optimized_profile_picture": "",
                "pseudonym": "",
            },
            "side": row.side.value,
            "size": str(row.shares),
            "fee_rate_bps": "0",
            "price": str(_price(row)),
            "outcome": market.outcome(row.token).name,
            "outcome_index": [outcome.token for outcome in market.outcomes].index(row.token),
            "transaction_hash": row.tx,
            "timestamp": str(row.at_ns // NS),
        }
        for row in rows
    ]


def _price(row: model.FillRow) -> Decimal:
    return (Decimal(row.usdc.micro) / row.shares.micro).quantize(Decimal("0.000001")).normalize()
