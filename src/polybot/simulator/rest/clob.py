"""The CLOB's public reads: time, books, prices, markets."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import Price
from polybot.simulator.records import Records
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.wire.books import Snapshot, rest_book
from polybot.simulator.wire.markets import BASE_FEE_BPS, compact_market, long_market, number
from polybot.utils.clock import Clock

Wire = dict[str, Any]
MAX_BOOKS = 500
PAGE = 500
END = "LTE="
NO_BOOK = "No orderbook exists for the requested token id"


class BookWish(msgspec.Struct):
    token_id: TokenId


class ClobPublic:
    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/time", self._time),
            web.get("/ok", self._ok),
            web.get("/version", self._version),
            web.get("/book", self._book),
            web.post("/books", self._books),
            web.get("/price", self._price),
            web.get("/midpoint", self._midpoint),
            web.get("/spread", self._spread),
            web.get("/last-trade-price", self._last_trade_price),
            web.get("/tick-size", self._tick_size),
            web.get("/tick-size/{token_id}", self._tick_size),
            web.get("/neg-risk", self._neg_risk),
            web.get("/fee-rate", self._fee_rate),
            web.get("/markets-by-token/{token_id}", self._market_by_token),
            web.get("/clob-markets/{condition}", self._compact_market),
            web.get("/markets", self._markets),
            web.get("/markets/{condition}", self._market),
        ]

    async def _time(self, _request: web.Request) -> Answer:
        return reply(self._clock.now_ns() // 1_000_000_000)

    async def _ok(self, _request: web.Request) -> Answer:
        return reply("OK")

    async def _version(self, _request: web.Request) -> Answer:
        return reply({"version": 2})

    async def _book(self, request: web.Request) -> Answer:
        return reply(rest_book(self._snapshot(request)))

    async def _books(self, request: web.Request) -> Answer:
        """Unknown tokens are left out."""
        try:
            wishes = msgspec.json.decode(await request.read(), type=list[BookWish])
        except msgspec.MsgspecError:
            raise refuse(400, "Invalid payload") from None
        if len(wishes) > MAX_BOOKS:
            raise refuse(400, f"Payload exceeds the limit of {MAX_BOOKS}")
        found = (self._records.snapshot(wish.token_id) for wish in wishes)
        return reply([rest_book(snapshot) for snapshot in found if snapshot])

    async def _price(self, request: web.Request) -> Answer:
        """BUY is the best bid, SELL the best ask."""
        snapshot = self._snapshot(request)
        side = request.query.get("side", "").upper()
        if side not in {Side.BUY, Side.SELL}:
            raise refuse(400, "Invalid side")
        return reply({"price": str(_known(snapshot.best_bid if side == Side.BUY else snapshot.best_ask))})

    async def _midpoint(self, request: web.Request) -> Answer:
        bid, ask = _best(self._snapshot(request))
        return reply({"mid": str(Price((bid.micro + ask.micro) // 2))})

    async def _spread(self, request: web.Request) -> Answer:
        bid, ask = _best(self._snapshot(request))
        return reply({"spread": str(ask - bid)})

    async def _last_trade_price(self, request: web.Request) -> Answer:
        last = self._snapshot(request).last_trade
        return reply({"price": last or "0.5", "side": "BUY" if last else ""})

    async def _tick_size(self, request: web.Request) -> Answer:
        return reply({"minimum_tick_size": number(self._traded(request).tick)})

    async def _neg_risk(self, request: web.Request) -> Answer:
        return reply({"neg_risk": self._traded(request).neg_risk})

    async def _fee_rate(self, request: web.Request) -> Answer:
        return reply({"base_fee": BASE_FEE_BPS if self._traded(request).fee.rate else 0})

    async def _market_by_token(self, request: web.Request) -> Answer:
        market = self._traded(request)
        first, second = market.outcomes
        return reply({
            "condition_id": market.condition,
            "primary_token_id": first.token,
            "secondary_token_id": second.token,
        })  # fmt: skip

    async def _compact_market(self, request: web.Request) -> Answer:
        return reply(compact_market(self._listed(request)))

    async def _market(self, request: web.Request) -> Answer:
        market = self._listed(request)
        return reply(long_market(market, self._records.prices(market)))

    async def _markets(self, request: web.Request) -> Answer:
        rows = [long_market(market, self._records.prices(market)) for market in self._records.markets()]
        return reply(paged(rows, request.query.get("next_cursor", "")))

    def _snapshot(self, request: web.Request) -> Snapshot:
        snapshot = self._records.snapshot(TokenId(request.query.get("token_id", "")))
        if snapshot is None:
            raise refuse(404, NO_BOOK)
        return snapshot

    def _traded(self, request: web.Request) -> Market:
        token = request.match_info.get("token_id") or request.query.get("token_id", "")
        market = self._records.market_of(TokenId(token))
        if market is None:
            raise refuse(404, "market not found")
        return market

    def _listed(self, request: web.Request) -> Market:
        try:
            return self._records.market(ConditionId(request.match_info["condition"].lower()))
        except LookupError:
            raise refuse(404, "market not found") from None


def paged(rows: Sequence[Wire], cursor: str) -> Wire:
    """The CLOB's paging envelope; a cursor is the base64 of an offset, the last one `LTE=`."""
    start = _offset(cursor)
    page = rows[start : start + PAGE]
    more = len(rows) > start + PAGE
    following = base64.b64encode(str(start + PAGE).encode()).decode() if more else END
    return {"limit": PAGE, "next_cursor": following, "count": len(page), "data": page}


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        start = int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        start = -1
    if start < 0:
        raise refuse(400, "Next item should be greater than or equal to 0")
    return start


def _best(snapshot: Snapshot) -> tuple[Price, Price]:
    return _known(snapshot.best_bid), _known(snapshot.best_ask)


def _known(price: Price | None) -> Price:
    if price is None:
        raise refuse(404, NO_BOOK)
    return price
