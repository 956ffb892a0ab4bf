"""The official client: the steps of `create_limit_order` and `post_order` without their network calls."""

import json
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

from eth_account import Account
from polymarket._internal import wallet
from polymarket._internal.actions.orders import context, limit, orders, post, typed_data
from polymarket.environments import PRODUCTION
from polymarket.types import EvmAddress

from bench.harness import serve

ASSET = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
ACCOUNT = Account.from_key("11" * 32)
CONFIG = PRODUCTION._config  # noqa: SLF001
MARKET: Any = SimpleNamespace(tick_size=Decimal("0.01"), neg_risk=False)


def build(wallet_type: wallet.WalletType, funder: EvmAddress) -> bytes:
    wanted = limit.validate_limit_order_params(token_id=ASSET, price="0.57", size="123.45", side="BUY")
    account: Any = SimpleNamespace(environment_config=CONFIG, wallet=funder, signer=ACCOUNT)
    price = context.validate_price_on_tick_grid(wanted.price, MARKET.tick_size, "price")
    draft = limit._build_limit_order_draft(account, wanted, price=price, metadata=MARKET)  # noqa: SLF001
    unsigned = orders.create_unsigned_order(draft, wallet=funder, wallet_type=wallet_type)
    plain = ACCOUNT.sign_typed_data(full_message=typed_data.build_order_typed_data(unsigned))
    signature = typed_data.build_order_signature(unsigned, "0x" + plain.signature.hex())
    signed = orders.create_signed_order(unsigned, signature)
    _, payload = post.build_post_order_request(signed, owner_api_key="019a5d3c-0000-7000-8000-00000000c0de")
    return json.dumps(payload, separators=(",", ":")).encode()


safe = wallet.derive_safe_wallet_address(ACCOUNT.address, CONFIG.wallet_derivation)
deposit = wallet.derive_beacon_deposit_wallet_address(ACCOUNT.address, CONFIG.wallet_derivation)
serve(
    {
        "Safe": partial(build, "GNOSIS_SAFE", EvmAddress(safe)),
        "deposit wallet": partial(build, "DEPOSIT_WALLET", EvmAddress(deposit)),
    },
    distributions=("polymarket-client", "eth-account", *(["coincurve"] if find_spec("coincurve") else [])),
)
