"""The older official client: `create_order` and the body of `post_order` without their network calls."""

import json
from functools import partial
from importlib.util import find_spec
from typing import Any

from py_clob_client_v2.clob_types import CreateOrderOptions, OrderArgsV2
from py_clob_client_v2.order_builder.builder import OrderBuilder
from py_clob_client_v2.order_utils.model.order_data_v2 import order_to_json_v2
from py_clob_client_v2.order_utils.model.signature_type_v2 import SignatureTypeV2
from py_clob_client_v2.signer import Signer

from bench.harness import serve

ASSET = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
FUNDER = "0xBc0fF067b7740Eff76C1ca93c875Ba6B890d6B50"
SIGNER = Signer("11" * 32, 137)
OPTIONS = CreateOrderOptions(tick_size="0.01", neg_risk=False)


def build(builder: OrderBuilder) -> bytes:
    wanted = OrderArgsV2(token_id=ASSET, price=0.57, size=123.45, side="BUY")
    signed: Any = builder.build_order(wanted, OPTIONS)
    payload = order_to_json_v2(signed, "019a5d3c-0000-7000-8000-00000000c0de", "GTC")
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


serve(
    {
        "Safe": partial(build, OrderBuilder(SIGNER, SignatureTypeV2.POLY_GNOSIS_SAFE, FUNDER)),
        "deposit wallet": partial(build, OrderBuilder(SIGNER, SignatureTypeV2.POLY_1271, FUNDER)),
    },
    distributions=("py-clob-client-v2", "eth-account", *(["coincurve"] if find_spec("coincurve") else [])),
)
