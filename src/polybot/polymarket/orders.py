"""The order as the three exchanges sign and name it: 11 fields, one id, one signature for each wallet type.

Type 3 wallets (ERC-1271) sign a nested struct and append what the wallet needs to check it (ERC-7739).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from polybot.core.ids import TokenId, Wallet, parse_wallet
from polybot.core.market import Side
from polybot.core.orders import SignatureType
from polybot.polymarket import session_keys
from polybot.polymarket.contracts import Exchange
from polybot.polymarket.signing import BadSignature, recover_signer
from polybot.polymarket.typed_data import address_word, keccak, typed_digest, word
from polybot.polymarket.wallets import funders
from polybot.ports.signer import Signer

ZERO_WORD = bytes(32)

Authorised: TypeAlias = Callable[[Wallet, Wallet], bool]
"""Whether a deposit wallet (first) has authorised a session key's address (second) to trade."""

_ORDER = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    b"uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
_ORDER_TYPE = keccak(_ORDER)
_NESTED_TYPE = keccak(
    b"TypedDataSign(Order contents,string name,string version,uint256 chainId,"
    b"address verifyingContract,bytes32 salt)" + _ORDER
)
_SMALL = tuple(word(n) for n in SignatureType)
_SELL = Side.SELL
_TRAILER = _ORDER + len(_ORDER).to_bytes(2, "big")
_WALLET_NAME, _WALLET_VERSION = keccak(b"DepositWallet"), keccak(b"1")


class OrderData(NamedTuple):
    """What is signed. Addresses are 0x-hex; amounts in micro-units; `metadata` and `builder` 32 bytes.

    `maker` holds the funds; `signer` is the EOA, or for POLY_1271 the wallet itself.
    """

    salt: int
    maker: str
    signer: str
    token: TokenId
    maker_amount: int
    taker_amount: int
    side: Side
    signature_type: SignatureType
    timestamp_ms: int
    metadata: bytes = ZERO_WORD
    builder: bytes = ZERO_WORD


def order_struct_hash(order: OrderData) -> bytes:
    return keccak(
        b"".join(
            (
                _ORDER_TYPE,
                word(order.salt),
                address_word(order.maker),
                address_word(order.signer),
                word(int(order.token)),
                word(order.maker_amount),
                word(order.taker_amount),
                _SMALL[order.side is _SELL],
                _SMALL[order.signature_type],
                word(order.timestamp_ms),
                order.metadata,
                order.builder,
            )
        )
    )


def order_hash(order: OrderData, exchange: Exchange) -> bytes:
    """The order's id at the venue and on chain, the same for every signature type."""
    return typed_digest(exchange.domain, order_struct_hash(order))


def sign_order(order: OrderData, exchange: Exchange, signer: Signer) -> tuple[bytes, str]:
    """Order id and wire signature: 65 bytes, or 317 for POLY_1271, as 0x-hex."""
    contents = order_struct_hash(order)
    order_id = typed_digest(exchange.domain, contents)
    if order.signature_type is not SignatureType.POLY_1271:
        return order_id, "0x" + signer.sign(order_id).hex()
    signature = signer.sign(_nested_digest(contents, order.signer, exchange))
    return order_id, "0x" + (signature + exchange.domain + contents + _TRAILER).hex()


def sign_order_with_session_key(order: OrderData, exchange: Exchange, session_key: Signer) -> tuple[bytes, str]:
    """Order id and wire signature (480 bytes as 0x-hex) by a key that the deposit wallet has authorised.

    ValueError unless the order is POLY_1271: no other wallet knows session keys.
    """
    if order.signature_type is not SignatureType.POLY_1271:
        raise ValueError(f"a session key cannot sign for a {order.signature_type.name} wallet, only for POLY_1271")
    order_id, signature = sign_order(order, exchange, session_key)
    wrapped = session_keys.wrap(session_key.address, bytes.fromhex(signature[2:]))
    return order_id, "0x" + wrapped.hex()


def _nobody(_wallet: Wallet, _session_key: Wallet) -> bool:
    return False


def verify_order(order: OrderData, signature: str, exchange: Exchange, *, authorised: Authorised = _nobody) -> str:
    """The signing EOA (checksum), proven to own `order.maker` or to be a session key that is `authorised`;
    BadSignature otherwise.

    A tampered field or a foreign exchange shows as a signature by someone else, who does not own the maker.
    """
    raw = _signature_bytes(signature)
    contents = _checked_struct_hash(order)
    if order.signature_type is SignatureType.POLY_1271:
        return _verify_1271(order, raw, contents, exchange, authorised)
    eoa = recover_signer(typed_digest(exchange.domain, contents), raw)
    _require_signer(order, eoa)
    _require_owner(order, eoa)
    return eoa


def _verify_1271(order: OrderData, raw: bytes, contents: bytes, exchange: Exchange, authorised: Authorised) -> str:
    session_key = None
    if session_keys.is_wrapped(raw):
        session_key, raw = session_keys.unwrap(raw)
    _require_trailer(raw, exchange.domain + contents)
    eoa = recover_signer(_nested_digest(contents, order.signer, exchange), raw[:65])
    _require_signer(order, order.maker)
    if session_key is None:
        _require_owner(order, eoa)
    elif session_key != eoa.lower() or not authorised(parse_wallet(order.maker), session_key):
        raise BadSignature(f"{eoa} is no authorised session key of {order.maker}")
    return eoa


def _require_signer(order: OrderData, expected: str) -> None:
    if order.signer.lower() != expected.lower():
        raise BadSignature(f"signer {order.signer} is not {expected}")


def _require_owner(order: OrderData, eoa: str) -> None:
    if parse_wallet(order.maker) not in funders(eoa, order.signature_type):
        raise BadSignature(f"maker {order.maker} is no {order.signature_type.name} wallet of the signer {eoa}")


def _nested_digest(contents: bytes, wallet: str, exchange: Exchange) -> bytes:
    return typed_digest(exchange.domain, keccak(_NESTED_TYPE + contents + _wallet_domain(wallet, exchange.chain_id)))


@lru_cache(maxsize=1024)
def _wallet_domain(wallet: str, chain_id: int) -> bytes:
    return _WALLET_NAME + _WALLET_VERSION + word(chain_id) + address_word(wallet) + ZERO_WORD


def _checked_struct_hash(order: OrderData) -> bytes:
    if not len(order.metadata) == len(order.builder) == 32:
        raise BadSignature("metadata and builder are not 32 bytes each")
    try:
        return order_struct_hash(order)
    except (OverflowError, ValueError) as error:
        raise BadSignature(f"a field of the order does not fit its type: {error}") from None


def _signature_bytes(signature: str) -> bytes:
    try:
        return bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        raise BadSignature("signature is not hex") from None


def _require_trailer(signature: bytes, hashes: bytes) -> None:
    if len(signature) != 65 + len(hashes) + len(_TRAILER):
        raise BadSignature(f"a POLY_1271 signature has 317 bytes, not {len(signature)}")
    if signature[65:] != hashes + _TRAILER:
        raise BadSignature("the POLY_1271 signature's appended domain, contents hash or type is not this order's")
