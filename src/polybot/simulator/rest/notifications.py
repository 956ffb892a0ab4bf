"""What the CLOB tells an account about itself until it is told to forget it (official Python client 0.14.0)."""

from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.core.market import Market
from polybot.core.money import Shares
from polybot.core.orders import TradeStatus
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine import model
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.moves import Move, MoveRow, PositionsMoved
from polybot.simulator.records import Records
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.replies import Answer, reply
from polybot.simulator.wire.markets import long_market

CANCELED, FILLED, RESOLVED, REWARDED, YIELDED, FILL_FAILED, AUTO_REDEEMED = 1, 2, 4, 5, 7, 8, 9
KEPT = 500
Wire = dict[str, Any]


class Notifications:
    """Kept for signing EOAs that have an API key, the newest of each."""

    def __init__(self, *, exchange: Exchange, records: Records, gate: Gate, keys: ApiKeys) -> None:
        self._exchange = exchange
        self._records = records
        self._gate = gate
        self._keys = keys
        self._of: defaultdict[str, deque[Wire]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._count = 0
        exchange.subscribe(self._hear, model.OrderChanged, model.TradeChanged, model.MarketResolved, PositionsMoved)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/notifications", self._list), web.delete("/notifications", self._drop)]

    async def _list(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply(list(self._of.get(key.address, ())))

    async def _drop(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        ids = request.query.get("ids", "").split(",")
        if not all(id_.isascii() and id_.isdigit() for id_ in ids):
            raise documented("invalid_order_params")
        kept = self._of[key.address]
        for one in [told for told in kept if str(told["id"]) in ids]:
            kept.remove(one)
        return reply("OK")

    def _hear(self, event: model.Event) -> None:
        match event:
            case model.OrderChanged(change=model.OrderChange.CANCELLATION):
                self._tell(event.order.owner, CANCELED, lambda: self._order(event.order), event.at_ns)
            case model.TradeChanged():
                self._trade(event.trade, event.at_ns)
            case model.MarketResolved():
                self._resolved(event)
            case PositionsMoved():
                self._moved(event.row)
            case _:
                return

    def _trade(self, trade: model.SimTrade, at_ns: int) -> None:
        kinds = {TradeStatus.MINED: FILLED, TradeStatus.FAILED: FILL_FAILED}
        if trade.status not in kinds:
            return
        for id_ in [trade.order, *(leg.order for leg in trade.legs)]:
            order = self._exchange.order(id_)
            if order is not None:
                self._tell(order.owner, kinds[trade.status], partial(self._order, order, trade), at_ns)

    def _resolved(self, event: model.MarketResolved) -> None:
        market = self._records.market(event.condition)
        tokens = [outcome.token for outcome in market.outcomes]
        for account in self._exchange.accounts:
            if any(account.held_micro.get(token) for token in tokens):
                self._tell(account.owner, RESOLVED, lambda: self._market(market), event.at_ns)

    def _moved(self, row: MoveRow) -> None:
        account = self._exchange.accounts.find(row.wallet)
        if account is None:
            return
        match row.kind:
            case Move.REWARD:
                self._tell(account.owner, REWARDED, lambda: _gift(row, named="reward"), row.at_ns)
            case Move.YIELD:
                self._tell(account.owner, YIELDED, lambda: _gift(row, named="amount"), row.at_ns)
            case Move.REDEEM if row.auto and row.usdc.micro > 0:
                self._tell(account.owner, AUTO_REDEEMED, lambda: self._redeemed(row), row.at_ns)
            case _:
                return

    def _tell(self, owner: Wallet, kind: int, payload: Callable[[], Wire], at_ns: int) -> None:
        if not self._keys.of(owner):
            return
        self._count += 1
        self._of[owner].append({
            "id": self._count,
            "type": kind,
            "owner": self._keys.label(owner),
            "timestamp": at_ns // 1_000_000_000,
            "payload": payload(),
        })  # fmt: skip

    def _order(self, order: model.OrderReport, trade: model.SimTrade | None = None) -> Wire:
        market = self._records.market(order.condition)
        left = max(0, order.original.micro - order.matched.micro)
        return {
            "asset_id": order.token,
            "market": order.condition,
            "order_id": order.id,
            "side": order.side.value,
            "type": order.tif.value,
            "price": str(order.price),
            "original_size": str(order.original),
            "matched_size": str(order.matched),
            "remaining_size": str(Shares(left)),
            "outcome": market.outcome(order.token).name,
            "outcome_index": [outcome.token for outcome in market.outcomes].index(order.token),
            "transaction_hash": trade.tx if trade else "",
            "trade_id": trade.id if trade else "",
            "question": market.question,
            "market_slug": market.slug,
            "icon": "",
            "image": "",
            "eventSlug": self._records.event_slug(market),
            "seriesSlug": "",
        }

    def _market(self, market: Market) -> Wire:
        shown = long_market(market, self._records.prices(market))
        ids = {"question_id": "0x" + "00" * 32, "description": "", "icon": "", "image": ""}
        return {**shown, **ids, "eventSlug": self._records.event_slug(market)}

    def _redeemed(self, row: MoveRow) -> Wire:
        market = self._records.market(row.condition)
        return {
            "proxyWallet": checksum(row.wallet),
            "amount": str(row.usdc),
            "conditionId": row.condition,
            "question": market.question,
            "image": "",
            "slug": market.slug,
            "negRisk": market.neg_risk,
            "txnHash": row.tx,
        }


def _gift(row: MoveRow, *, named: str) -> Wire:
    return {"proxyWallet": checksum(row.wallet), named: str(row.usdc), "txnHash": row.tx}
