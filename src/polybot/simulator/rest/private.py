"""Placing and cancelling at the CLOB. Every route wants L2 headers."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import MICRO
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import NEG_RISK, POLYGON, STANDARD, V3, exchange_for
from polybot.polymarket.contracts import Exchange as Contract
from polybot.polymarket.orders import verify_order
from polybot.polymarket.signing import BadSignature
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import CancelRefused, NewOrder, OrderRefused, OrderReport, Placement
from polybot.simulator.rest.balances import Balances
from polybot.simulator.rest.catalogue import by_text, documented
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.rest.gamma import Geoblock
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKey
from polybot.simulator.rest.limits import SignerLimits
from polybot.simulator.rest.modes import Modes
from polybot.simulator.rest.order_entry import ProvenOrder, SendOrder, order_data, prove, read
from polybot.simulator.rest.own import BuilderRecords
from polybot.simulator.rest.regions import refuse_region
from polybot.simulator.rest.replies import Answer, Refusal, refuse, reply
from polybot.simulator.rest.session_keys import SessionKeys
from polybot.simulator.wire.orders import placed, refused_leg

MAX_ORDERS = 15
MAX_CANCELS = 1000
ORDER_ID = re.compile(r"0x[0-9a-fA-F]{64}")


class CancelOne(msgspec.Struct, rename={"order_id": "orderID"}):
    order_id: str


class CancelMarket(msgspec.Struct):
    market: str = ""
    asset_id: str = ""


class ClobOrders:
    """An order or cancel belongs to the signing EOA of the key that asks.

    The region is looked at before the credentials, then whether the matching engine is there, then how often its
    signer may ask; only then what is asked.
    """

    def __init__(
        self,
        *,
        exchange: Exchange,
        gate: Gate,
        sessions: SessionKeys,
        balances: Balances,
        builders: BuilderRecords,
        modes: Modes,
        limits: SignerLimits,
        geoblock: Geoblock,
        options: ClobOptions,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        """`pause` lets so many seconds of the venue's time pass."""
        self._exchange = exchange
        self._gate = gate
        self._sessions = sessions
        self._balances = balances
        self._builders = builders
        self._modes = modes
        self._limits = limits
        self._geoblock = geoblock
        self._options = options
        self._pause = pause

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/order", self._post_order),
            web.post("/orders", self._post_orders),
            web.delete("/order", self._cancel_order),
            web.delete("/orders", self._cancel_orders),
            web.delete("/cancel-all", self._cancel_all),
            web.delete("/cancel-market-orders", self._cancel_market),
        ]

    def cancel_all_of(self, owner: Wallet) -> None:
        for order in self._exchange.orders_of(owner, live_only=True):
            self._cancelled(order.id, owner)

    # placing

    async def _post_order(self, request: web.Request) -> Answer:
        key = await self._trader(request)
        sent = read(await request.read(), SendOrder)
        with _stamped(self._limits.take_orders(key.address, 1)) as headers:
            await self._hold([sent])
            return reply(placed(self._place(sent, key)), headers=headers)

    async def _post_orders(self, request: web.Request) -> Answer:
        key = await self._trader(request)
        batch = read(await request.read(), list[SendOrder])
        if not batch:
            raise documented("invalid_payload")
        if len(batch) > MAX_ORDERS:
            raise documented("too_many_orders", count=len(batch), limit=MAX_ORDERS)
        with _stamped(self._limits.take_orders(key.address, len(batch))) as headers:
            await self._hold(batch)
            return reply([self._leg(sent, key) for sent in batch], headers=headers)

    async def _trader(self, request: web.Request) -> ApiKey:
        if self._geoblock.blocked:
            refuse_region(self._geoblock, await request.read())
        return await self._admitted(request)

    async def _admitted(self, request: web.Request) -> ApiKey:
        self._modes.admit_request()
        return await self._gate.l2(request)

    def _leg(self, sent: SendOrder, key: ApiKey) -> dict[str, Any]:
        try:
            return placed(self._place(sent, key))
        except Refusal as refusal:
            return refused_leg(refusal.body["error"], success=self._options.batch_refusals_succeed)

    def _place(self, sent: SendOrder, key: ApiKey) -> Placement:
        self._modes.admit_order(post_only=sent.post_only)
        market = self._exchange.market_of(TokenId(sent.order.token_id))
        if market is None:
            raise documented("market_not_found")
        proven = self._proven(sent, key=key, market=market)
        try:
            placement = self._exchange.place(_new_order(sent, proven, owner=Wallet(key.address)))
        except OrderRefused as refused:
            raise refuse(by_text(str(refused), status=refused.http_status), str(refused)) from None
        self._builders.add(proven.id, proven.data.builder)
        return placement

    def _proven(self, sent: SendOrder, *, key: ApiKey, market: Market) -> ProvenOrder:
        try:
            proven = prove(sent, key=key, market=market, authorised=self._authorised)
        except Refusal as refusal:
            if refusal.body["error"] == "invalid signature" and _other_generation(sent, market):
                raise documented("version_mismatch") from None
            raise
        account = self._exchange.accounts.find(Wallet(proven.data.maker.lower()))
        if account is not None:
            self._require_wallet(account)
        return proven

    def _require_wallet(self, account: Account) -> None:
        """The words for a wallet that is not deployed are our guess: nothing could approve a deposit wallet's
        signature."""
        deposit = account.signature_type is SignatureType.POLY_1271
        if account.signature_type not in self._options.wallet_types:
            raise documented("maker_not_allowed")
        if not account.deployed:
            raise documented("invalid_signature" if deposit else "maker_not_allowed")
        if deposit and self._options.update_before_first_order and not self._balances.was_updated(account.wallet):
            raise documented("wrong_signer")

    def _authorised(self, wallet: Wallet, session_key: Wallet) -> bool:
        return self._sessions.may_trade(session_key, wallet)

    async def _hold(self, batch: Sequence[SendOrder]) -> None:
        """Where takers are delayed, an order that would take waits; makers may move meanwhile."""
        delays_ms = [self._taker_delay_ms(sent) for sent in batch]
        if any(delays_ms):
            await self._pause(max(delays_ms) / 1000)

    def _taker_delay_ms(self, sent: SendOrder) -> int:
        market = self._exchange.market_of(TokenId(sent.order.token_id))
        if market is None or not market.taker_delay_ms or sent.post_only:
            return 0
        return market.taker_delay_ms if _would_take(sent, self._exchange) else 0

    # cancelling

    async def _cancel_order(self, request: web.Request) -> Answer:
        key = await self._admitted(request)
        return self._cancel(key, [read(await request.read(), CancelOne).order_id], cost=1)

    async def _cancel_orders(self, request: web.Request) -> Answer:
        key = await self._admitted(request)
        ids = read(await request.read(), list[str])
        if len(ids) > MAX_CANCELS:
            raise documented("too_many_cancels", limit=MAX_CANCELS)
        return self._cancel(key, ids, cost=len(ids))

    async def _cancel_all(self, request: web.Request) -> Answer:
        key = await self._admitted(request)
        ids = [order.id for order in self._live(key)]
        return self._cancel(key, ids, cost=1 + len(ids))

    async def _cancel_market(self, request: web.Request) -> Answer:
        key = await self._admitted(request)
        wanted = read(await request.read(), CancelMarket)
        if not (wanted.market or wanted.asset_id):
            raise documented("invalid_payload")
        ids = [
            order.id
            for order in self._live(key)
            if wanted.market.lower() in {"", order.condition} and wanted.asset_id in {"", order.token}
        ]
        return self._cancel(key, ids, cost=1 + len(ids))

    def _cancel(self, key: ApiKey, ids: Iterable[str], *, cost: int) -> Answer:
        with _stamped(self._limits.take_cancels(key.address, cost)) as headers:
            wanted = list(dict.fromkeys(ids))
            if not all(map(ORDER_ID.fullmatch, wanted)):
                raise documented("invalid_order_id")
            reasons = {id_: self._cancelled(OrderId(id_.lower()), Wallet(key.address)) for id_ in wanted}
            canceled = [id_ for id_, reason in reasons.items() if not reason]
            kept = {id_: reason for id_, reason in reasons.items() if reason}
            return reply({"canceled": canceled, "not_canceled": kept}, headers=headers)

    def _cancelled(self, order: OrderId, owner: Wallet) -> str:
        """Empty, or why it was not."""
        try:
            self._exchange.cancel(order, owner=owner)
        except CancelRefused as reason:
            return str(reason)
        return ""

    def _live(self, key: ApiKey) -> list[OrderReport]:
        return self._exchange.orders_of(Wallet(key.address), live_only=True)


def _new_order(sent: SendOrder, proven: ProvenOrder, *, owner: Wallet) -> NewOrder:
    return NewOrder(
        id=proven.id,
        owner=owner,
        wallet=Wallet(proven.data.maker.lower()),
        token=proven.data.token,
        side=proven.data.side,
        making=proven.data.maker_amount,
        taking=proven.data.taker_amount,
        tif=proven.tif,
        expiration_s=proven.expiration_s,
        post_only=proven.post_only,
        data=proven.data,
        signature=bytes.fromhex(sent.order.signature.removeprefix("0x")),
    )


@contextmanager
def _stamped(headers: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """A refusal, too, leaves with the limiter's headers."""
    try:
        yield headers
    except Refusal as refusal:
        refusal.headers.update(headers)
        raise


def _would_take(sent: SendOrder, exchange: Exchange) -> bool:
    data = order_data(sent.order)
    book = exchange.book(data.token)
    if not data.taker_amount or not data.maker_amount:
        return False
    if data.side is Side.BUY:
        return bool(book.asks) and data.maker_amount * MICRO >= book.asks[0].price.micro * data.taker_amount
    return bool(book.bids) and data.taker_amount * MICRO <= book.bids[0].price.micro * data.maker_amount


def _other_generation(sent: SendOrder, market: Market) -> bool:
    """Whether the signature is good for an exchange of another version of the signing domain."""
    data = order_data(sent.order)
    right = exchange_for(data.token, neg_risk=market.neg_risk)
    others = [contract[POLYGON] for contract in (STANDARD, NEG_RISK, V3) if contract[POLYGON].version != right.version]
    for contract in (*others, Contract("an exchange of 2025", "1", right.address, POLYGON)):
        try:
            verify_order(data, sent.order.signature, contract, authorised=lambda _wallet, _key: True)
        except BadSignature:
            continue
        return True
    return False
