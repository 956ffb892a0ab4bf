"""From priced terms to the bytes of POST /order, with the order's id known before they are sent."""

import json
from dataclasses import dataclass

from polybot.core.ids import OrderId, parse_wallet
from polybot.core.orders import OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.contracts import POLYGON, exchange_for
from polybot.polymarket.orders import ZERO_WORD, OrderData, sign_order, sign_order_with_session_key
from polybot.polymarket.wallets import checksum, funders
from polybot.ports.signer import Signer

_SALT_LIMIT = 1 << 53
_RESTING = (TimeInForce.GTC, TimeInForce.GTD)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """`body` is the exact request; sent again it is the same order, `id`."""

    id: OrderId
    body: bytes


class OrderFactory:
    """Builds one account's orders. ValueError at once if `funder` is no wallet of the signer and type.

    `api_key` becomes the body's `owner`; `builder` is a 32-byte attribution code. With `session_key` the signer is a
    key that the deposit wallet `funder` has authorised; only the venue knows whether it has.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        funder: str,
        signature_type: SignatureType,
        api_key: str,
        chain_id: int = POLYGON,
        builder: bytes = ZERO_WORD,
        session_key: bool = False,
    ) -> None:
        if session_key:
            _require_deposit_wallet(signature_type)
        else:
            _require_funder(funder, signer.address, signature_type)
        self._sign = sign_order_with_session_key if session_key else sign_order
        self._signer = signer
        self._chain_id = chain_id
        self._type = signature_type
        self._builder = builder
        self._maker = checksum(funder)
        self._order_signer = self._maker if signature_type is SignatureType.POLY_1271 else checksum(signer.address)
        self._head = f'{{"deferExec":false,"order":{{"builder":"0x{builder.hex()}","expiration":"'
        self._maker_json = f'","maker":"{self._maker}","makerAmount":"'
        self._metadata_json = f'","metadata":"0x{ZERO_WORD.hex()}","salt":'
        self._signer_json = f'","signatureType":{signature_type:d},"signer":"{self._order_signer}","takerAmount":"'
        self._owner_json = f'","owner":{json.dumps(api_key)}'

    def build(self, terms: OrderTerms, *, neg_risk: bool, salt: int, timestamp_ms: int) -> SignedOrder:
        """Deterministic in its arguments. ValueError for terms the venue cannot express."""
        _require_expressible(terms, salt)
        amounts = terms.amounts
        order = OrderData(
            salt=salt,
            maker=self._maker,
            signer=self._order_signer,
            token=terms.token,
            maker_amount=amounts.making,
            taker_amount=amounts.taking,
            side=terms.side,
            signature_type=self._type,
            timestamp_ms=timestamp_ms,
            builder=self._builder,
        )
        exchange = exchange_for(terms.token, neg_risk=neg_risk, chain_id=self._chain_id)
        order_id, signature = self._sign(order, exchange, self._signer)
        tail = ',"postOnly":true}' if terms.post_only else "}"
        body = (
            f"{self._head}{terms.expiration_s}{self._maker_json}{amounts.making}{self._metadata_json}{salt}"
            f',"side":"{terms.side}","signature":"{signature}{self._signer_json}{amounts.taking}'
            f'","timestamp":"{timestamp_ms}","tokenId":"{terms.token}"}},"orderType":"{terms.tif}{self._owner_json}{tail}'
        )
        return SignedOrder(id=OrderId("0x" + order_id.hex()), body=body.encode())


def _require_funder(funder: str, eoa: str, signature_type: SignatureType) -> None:
    allowed = funders(eoa, signature_type)
    if parse_wallet(funder) not in allowed:
        raise ValueError(
            f"funder {funder} is no {signature_type.name} wallet of the signing key's address {eoa}: "
            f"that is {' or '.join(map(checksum, allowed))}; correct the funder, the signature type or the key"
        )


def _require_deposit_wallet(signature_type: SignatureType) -> None:
    if signature_type is not SignatureType.POLY_1271:
        raise ValueError(
            f"a session key trades for a deposit wallet (signature type 3), not for {signature_type.name}; "
            "correct the signature type, or use the owner's key"
        )


def _require_expressible(terms: OrderTerms, salt: int) -> None:
    if not 0 <= salt < _SALT_LIMIT:
        raise ValueError(f"salt {salt} does not fit 53 bits: a JSON number would lose digits")
    if terms.post_only and terms.tif not in _RESTING:
        raise ValueError(f"a post-only order cannot be {terms.tif}: use GTC or GTD")
    if (terms.expiration_s > 0) is not (terms.tif is TimeInForce.GTD):
        raise ValueError(f"expiration_s {terms.expiration_s} with {terms.tif}: only a GTD order has an expiration")
    if terms.amounts.making <= 0 or terms.amounts.taking <= 0:
        raise ValueError(f"amounts {terms.amounts.making} for {terms.amounts.taking} are not both above 0")
