"""The CLOB's public reads: time, books, prices, markets."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import Price
from polybot.simulator.records import Records
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.rest.history import History
from polybot.simulator.rest.pages import page
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.wire.books import Snapshot, rest_book
from polybot.simulator.wire.markets import BASE_FEE_BPS, compact_market, long_market, number
from polybot.utils.clock import Clock

Wire = dict[str, Any]
MAX_BOOKS = 500


class BookWish(msgspec.Struct):
    token_id: TokenId
    side: Literal["", "BUY", "SELL"] = ""


class ClobPublic:
    def __init__(self, *, records: Records, clock: Clock, history: History, options: ClobOptions) -> None:
        self._records = records
        self._clock = clock
        self._history = history
        self._options = options

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/time", self._time),
            web.get("/ok", self._ok),
            web.get("/version", self._version),
            web.get("/book", self._book),
            web.post("/books", self._books),
            web.get("/price", self._price),
            web.post("/prices", self._prices),
            web.get("/midpoint", self._midpoint),
            web.post("/midpoints", self._midpoints),
            web.get("/spread", self._spread),
            web.post("/spreads", self._spreads),
            web.get("/last-trade-price", self._last_trade_price),
            web.post("/last-trades-prices", self._last_trades_prices),
            web.get("/tick-size", self._tick_size),
            web.get("/tick-size/{token_id}", self._tick_size),
            web.get("/neg-risk", self._neg_risk),
            web.get("/fee-rate", self._fee_rate),
            web.get("/markets-by-token/{token_id}", self._market_by_token),
            web.get("/clob-markets/{condition}", self._compact_market),
            web.get("/markets", self._markets),
            web.get("/simplified-markets", self._simplified),
            web.get("/sampling-markets", self._sampling),
            web.get("/sampling-simplified-markets", self._sampling_simplified),
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
        return reply([rest_book(snapshot) for _, snapshot in await self._wished(request)])

    async def _wished(self, request: web.Request) -> list[tuple[BookWish, Snapshot]]:
        """What a batch asks for; unknown and closed tokens are left out."""
        try:
            wishes = msgspec.json.decode(await request.read(), type=list[BookWish])
        except msgspec.MsgspecError:
            raise refuse(400, "Invalid payload") from None
        if len(wishes) > MAX_BOOKS:
            raise refuse(400, f"Payload exceeds the limit of {MAX_BOOKS}")
        found = ((wish, self._records.snapshot(wish.token_id)) for wish in wishes)
        return [(wish, snapshot) for wish, snapshot in found if snapshot]

    async def _price(self, request: web.Request) -> Answer:
        """BUY is the best bid, SELL the best ask."""
        snapshot = self._snapshot(request)
        side = request.query.get("side", "").upper()
        if side not in {Side.BUY, Side.SELL}:
            raise refuse(400, "Invalid side")
        return reply({"price": str(_known(_side(snapshot, side)))})

    async def _prices(self, request: web.Request) -> Answer:
        """Both sides of a token whose wish names none."""
        prices: dict[TokenId, dict[str, str]] = {}
        for wish, snapshot in await self._wished(request):
            for side in (wish.side,) if wish.side else ("BUY", "SELL"):
                if price := _side(snapshot, side):
                    prices.setdefault(wish.token_id, {})[side] = str(price)
        return reply(prices)

    async def _midpoint(self, request: web.Request) -> Answer:
        return reply({"mid": _mid(*_best(self._snapshot(request)))})

    async def _midpoints(self, request: web.Request) -> Answer:
        return reply(_by_token(await self._wished(request), _mid))

    async def _spread(self, request: web.Request) -> Answer:
        return reply({"spread": _gap(*_best(self._snapshot(request)))})

    async def _spreads(self, request: web.Request) -> Answer:
        return reply(_by_token(await self._wished(request), _gap))

    async def _last_trade_price(self, request: web.Request) -> Answer:
        return reply(self._last(self._snapshot(request)))

    async def _last_trades_prices(self, request: web.Request) -> Answer:
        wished = await self._wished(request)
        return reply([{"token_id": wish.token_id, **self._last(snapshot)} for wish, snapshot in wished])

    def _last(self, snapshot: Snapshot) -> Wire:
        """The side is the taker's; without a trade the price is a half and the side empty."""
        trade = self._history.last(snapshot.view.token)
        return {"price": str(trade.price), "side": trade.side.value} if trade else {"price": "0.5", "side": ""}

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
        return self._listing(request, long_market)

    async def _simplified(self, request: web.Request) -> Answer:
        return self._listing(request, _simplified)

    async def _sampling(self, request: web.Request) -> Answer:
        """On Polymarket those with rewards; none has any here, so all that take orders."""
        return self._listing(request, long_market, trading=True)

    async def _sampling_simplified(self, request: web.Request) -> Answer:
        return self._listing(request, _simplified, trading=True)

    def _listing(
        self, request: web.Request, shown: Callable[[Market, Sequence[Price]], Wire], *, trading: bool = False
    ) -> Answer:
        rows = [
            shown(market, self._records.prices(market))
            for market in self._records.markets()
            if market.accepting_orders or not trading
        ]
        return page(rows, request, size=self._options.page_size)

    def _snapshot(self, request: web.Request) -> Snapshot:
        snapshot = self._records.snapshot(TokenId(request.query.get("token_id", "")))
        if snapshot is None:
            raise documented("no_book")
        return snapshot

    def _traded(self, request: web.Request) -> Market:
        token = request.match_info.get("token_id") or request.query.get("token_id", "")
        market = self._records.market_of(TokenId(token))
        if market is None:
            raise documented("market_not_found")
        return market

    def _listed(self, request: web.Request) -> Market:
        try:
            return self._records.market(ConditionId(request.match_info["condition"].lower()))
        except LookupError:
            raise documented("market_not_found") from None


def _best(snapshot: Snapshot) -> tuple[Price, Price]:
    return _known(snapshot.best_bid), _known(snapshot.best_ask)


_SIMPLE = ("condition_id", "rewards", "tokens", "active", "closed", "archived", "accepting_orders")


def _simplified(market: Market, prices: Sequence[Price]) -> Wire:
    wire = long_market(market, prices)
    return {name: wire[name] for name in _SIMPLE}


def _side(snapshot: Snapshot, side: str) -> Price | None:
    return snapshot.best_bid if side == Side.BUY else snapshot.best_ask


def _mid(bid: Price, ask: Price) -> str:
    return str(Price((bid.micro + ask.micro) // 2))


def _gap(bid: Price, ask: Price) -> str:
    return str(ask - bid)


def _by_token(wished: Iterable[tuple[BookWish, Snapshot]], figure: Callable[[Price, Price], str]) -> dict[str, str]:
    """Of those that have a bid and an ask."""
    return {
        wish.token_id: figure(snapshot.best_bid, snapshot.best_ask)
        for wish, snapshot in wished
        if snapshot.best_bid and snapshot.best_ask
    }


def _known(price: Price | None) -> Price:
    if price is None:
        raise documented("no_book")
    return price
