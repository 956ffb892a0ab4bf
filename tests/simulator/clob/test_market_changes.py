"""Markets that change and trades that are taken back, as a caller meets them."""

import pytest
from clob_venue import Venue

from caller import Caller
from polybot.core.ids import TradeId
from polybot.core.market import Side
from polybot.simulator.engine.model import OrderStatus
from simulated_venue import V1


async def status(caller: Caller, order: str) -> str:
    code, row = await caller.l2("GET", f"/data/order/{order}")
    assert code == 200
    return str(row["status"])


async def test_a_market_can_be_told_to_hold_marketable_orders(venue: Venue, caller: Caller) -> None:
    await venue.control("/markets", condition=V1, seconds_delay=3)
    order = caller.order(venue.running.market(V1), side=Side.BUY, price="0.52")
    code, answer = await caller.post(order)
    assert (code, answer["status"], answer["tradeIDs"], answer["makingAmount"]) == (200, "delayed", [], "")
    assert await status(caller, order.id) == "DELAYED"
    _, left = await caller.l2("DELETE", "/order", body=b'{"orderID":"%s"}' % order.id.encode())
    assert left == {"canceled": [], "not_canceled": {order.id: "order match delayed due to market conditions"}}
    await venue.running.advance(3)
    assert await status(caller, order.id) == "MATCHED"


async def test_a_game_that_starts_takes_orders_down(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1), side=Side.BUY, price="0.4")
    await caller.post(order)
    starts_s = venue.running.clock.now_ns() // 10**9 + 60
    await venue.control("/markets", condition=V1, game_starts_s=starts_s)
    await venue.running.advance(61)
    assert await status(caller, order.id) == OrderStatus.INVALID


async def test_a_new_tick_refuses_what_is_off_it(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1), side=Side.BUY, price="0.45")
    assert await venue.control("/markets", condition=V1, tick=0.1) == {"condition": V1, "tick": "0.1"}
    words = f"order {order.id} is invalid. Price (0.45) breaks minimum tick size rule: 0.1"
    assert await caller.post(order) == (400, {"error": words})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"condition": "0x0"}, "is no market"),
        ({"condition": V1, "tick": 0.3}, "tick 0.3 is none of the venue's"),
        ({"condition": V1, "seconds_delay": -1}, "cannot be negative"),
    ],
)
async def test_what_makes_no_sense_is_refused(venue: Venue, change: dict[str, object], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        await venue.control("/markets", **change)


async def test_a_trade_can_be_taken_out_of_the_chain(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1), side=Side.BUY, price="0.52")
    _, answer = await caller.post(order)
    [trade] = answer["tradeIDs"]
    await venue.running.advance(3)
    mined = venue.running.simulator.world.exchange.trade(TradeId(trade))
    assert mined is not None
    assert await venue.control("/reverts", trade=trade) == {"trade": trade, "status": "RETRYING"}
    await venue.running.advance(20)
    _, page = await caller.l2("GET", "/data/trades")
    [row] = page["data"]
    assert row["status"] == "TRADE_STATUS_CONFIRMED"
    assert row["transaction_hash"] != mined.tx
