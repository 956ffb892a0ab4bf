"""Our side: terms to the signed body of POST /order."""

import itertools
from functools import partial

from bench.harness import serve
from polybot.core.amounts import limit_amounts
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.core.orders import OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.order_body import OrderFactory, SignedOrder
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.wallets import funder_for

TOKEN = TokenId("71321045679252212594626385532706912750332728571942532289631379312455583992563")
SIGNER = LocalSigner.from_hex("11" * 32)
PRICE, SHARES, TICK = Price.parse("0.57"), Shares.parse("123.45"), Price.parse("0.01")
SALT = itertools.count(1)


def build(factory: OrderFactory) -> SignedOrder:
    amounts = limit_amounts(Side.BUY, price=PRICE, shares=SHARES, tick=TICK)
    terms = OrderTerms(TOKEN, ConditionId(""), Side.BUY, PRICE, amounts, TimeInForce.GTC)
    return factory.build(terms, neg_risk=False, salt=next(SALT), timestamp_ms=1_795_305_600_123)


def factory(kind: SignatureType) -> OrderFactory:
    funder = funder_for(SIGNER.address, kind)
    return OrderFactory(SIGNER, funder=funder, signature_type=kind, api_key="019a5d3c-0000-7000-8000-00000000c0de")


serve(
    {
        "Safe": partial(build, factory(SignatureType.POLY_GNOSIS_SAFE)),
        "deposit wallet": partial(build, factory(SignatureType.POLY_1271)),
    },
    distributions=("coincurve", "safe-pysha3"),
)
