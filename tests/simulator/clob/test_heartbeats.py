"""The dead man's switch over the wire."""

import msgspec
from clob_venue import Venue

from caller import Caller
from simulated_venue import V1


async def beat(caller: Caller, id_: str = "") -> tuple[int, dict[str, str]]:
    return await caller.l2("POST", "/v1/heartbeats", body=msgspec.json.encode({"heartbeat_id": id_}))


async def open_orders(caller: Caller) -> int:
    count: int = (await caller.l2("GET", "/data/orders"))[1]["count"]
    return count


async def test_without_a_beat_for_ten_seconds_all_orders_go(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    await caller.post(caller.order(market))
    await venue.running.advance(60)
    assert await open_orders(caller) == 1
    _, first = await beat(caller)
    await venue.running.advance(8)
    _, second = await beat(caller, first["heartbeat_id"])
    await venue.running.advance(8)
    assert await open_orders(caller) == 1
    assert second != first
    await venue.running.advance(3)
    assert await open_orders(caller) == 0


async def test_a_wrong_id_is_told_the_right_one(caller: Caller) -> None:
    _, armed = await beat(caller)
    refusal = (400, {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": armed["heartbeat_id"]})
    assert await beat(caller, "something-else") == refusal
    assert await beat(caller) == refusal
    assert (await beat(caller, armed["heartbeat_id"]))[0] == 200


async def test_after_it_ran_out_the_next_beat_arms_again(venue: Venue, caller: Caller) -> None:
    _, armed = await beat(caller)
    await venue.running.advance(11)
    assert await beat(caller, armed["heartbeat_id"]) == (
        400,
        {"error_msg": "Invalid Heartbeat ID", "heartbeat_id": ""},
    )
    await caller.post(caller.order(venue.running.market(V1)))
    assert (await beat(caller))[0] == 200
    await venue.running.advance(11)
    assert await open_orders(caller) == 0


async def test_another_account_keeps_its_orders(venue: Venue, caller: Caller) -> None:
    other = await venue.caller()
    await other.post(other.order(venue.running.market(V1)))
    await beat(caller)
    await venue.running.advance(11)
    assert await open_orders(other) == 1
