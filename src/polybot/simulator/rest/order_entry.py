"""The body of POST /order: read strictly, then proven to be its sender's own. Pure."""

import re
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.contracts import exchange_for
from polybot.polymarket.orders import Authorised, OrderData, order_hash, verify_order
from polybot.polymarket.signing import BadSignature
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.keys import ApiKey

T = TypeVar("T")

_UINT = re.compile(r"\d{1,78}")
_BYTES32 = re.compile(r"0x[0-9a-fA-F]{64}")


class SignedOrder(msgspec.Struct, rename="camel"):
    salt: int
    maker: str
    signer: str
    token_id: str
    maker_amount: str
    taker_amount: str
    side: Literal["BUY", "SELL"]
    expiration: str
    timestamp: str
    metadata: str
    builder: str
    signature: str
    signature_type: Literal[0, 1, 2, 3]


class SendOrder(msgspec.Struct, rename="camel"):
    order: SignedOrder
    owner: str
    order_type: Literal["GTC", "GTD", "FOK", "FAK"]
    post_only: bool = False
    defer_exec: bool = False


@dataclass(frozen=True, slots=True)
class ProvenOrder:
    """An order whose signature, maker and sender belong together. Not yet one the market would take."""

    id: OrderId
    data: OrderData
    tif: TimeInForce
    expiration_s: int
    post_only: bool


def read(body: bytes, shape: type[T]) -> T:
    """400 unless the body is exactly of this shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError:
        raise documented("invalid_payload") from None


def _nobody(_wallet: Wallet, _session_key: Wallet) -> bool:
    return False


def prove(sent: SendOrder, *, key: ApiKey, market: Market, authorised: Authorised = _nobody) -> ProvenOrder:
    """Refused with the venue's words unless `key` may send this and the right exchange would take its signature,
    be it by a session key that is `authorised`."""
    data = order_data(sent.order)
    if sent.owner != key.key:
        raise documented("wrong_owner")
    if data.signature_type is not SignatureType.POLY_1271 and data.signer.lower() != key.address:
        raise documented("wrong_signer")
    exchange = exchange_for(data.token, neg_risk=market.neg_risk)
    try:
        eoa = verify_order(data, sent.order.signature, exchange, authorised=authorised)
    except BadSignature:
        raise documented("invalid_signature") from None
    if eoa.lower() != key.address:
        raise documented("wrong_signer")
    return ProvenOrder(
        id=OrderId("0x" + order_hash(data, exchange).hex()),
        data=data,
        tif=TimeInForce(sent.order_type),
        expiration_s=int(sent.order.expiration),
        post_only=sent.post_only,
    )


def order_data(order: SignedOrder) -> OrderData:
    numbers = (order.token_id, order.maker_amount, order.taker_amount, order.timestamp, order.expiration)
    words = (order.metadata, order.builder)
    if not all(map(_UINT.fullmatch, numbers)) or not all(map(_BYTES32.fullmatch, words)) or order.salt < 0:
        raise documented("invalid_payload")
    return OrderData(
        salt=order.salt,
        maker=order.maker,
        signer=order.signer,
        token=TokenId(order.token_id),
        maker_amount=int(order.maker_amount),
        taker_amount=int(order.taker_amount),
        side=Side(order.side),
        signature_type=SignatureType(order.signature_type),
        timestamp_ms=int(order.timestamp),
        metadata=bytes.fromhex(order.metadata[2:]),
        builder=bytes.fromhex(order.builder[2:]),
    )
