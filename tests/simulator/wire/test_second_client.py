"""The older official client, as a second opinion."""

import asyncio
from typing import Any

import pytest
from py_clob_client_v2 import ClobClient, MarketOrderArgsV2, OrderArgsV2, OrderPayload, OrderType

from polybot.core.ids import ConditionId
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.desk import OpenedAccount
from simulated_venue import NEG_RISK, V1, Running


def trade(url: str, account: OpenedAccount, token: str) -> dict[str, Any]:
    """The blocking client's day: credentials, a resting order, a cancel, a purchase."""
    client = ClobClient(
        url, 137, key=account.private_key, signature_type=int(account.signature_type), funder=account.wallet
    )
    client.set_api_creds(client.create_or_derive_api_key())
    rested = client.create_and_post_order(OrderArgsV2(token_id=token, price=0.4, size=10, side="BUY"))
    listed = client.get_open_orders()
    cancelled = client.cancel_order(OrderPayload(orderID=rested["orderID"]))
    bought = client.create_and_post_market_order(
        MarketOrderArgsV2(token_id=token, amount=26, side="BUY", price=0.52),
        order_type=OrderType.FAK,  # type: ignore[arg-type]  # its constants are strings
    )
    book = client.get_order_book(token)
    return {"rested": rested, "listed": listed, "cancelled": cancelled, "bought": bought, "book": book}


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        (SignatureType.EOA, V1),
        (SignatureType.POLY_PROXY, NEG_RISK),
        (SignatureType.POLY_GNOSIS_SAFE, V1),
        (SignatureType.POLY_1271, NEG_RISK),
    ],
)
async def test_it_trades(simulator: Running, kind: SignatureType, condition: ConditionId) -> None:
    account = simulator.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"))
    token = simulator.market(condition).outcomes[0].token
    day = await asyncio.to_thread(trade, simulator.urls.clob, account, token)
    assert day["rested"]["status"] == "live"
    assert [order["id"] for order in day["listed"]] == [day["rested"]["orderID"]]
    assert day["cancelled"]["canceled"] == [day["rested"]["orderID"]]
    assert (day["bought"]["status"], day["bought"]["takingAmount"]) == ("matched", "50")
    assert day["book"]["asset_id"] == token
