"""Every documented error of the CLOB, by name, in its words and with its status, produced over the wire.

What can come about by itself does so here; the rest is refused by a scripted fault, as is everything once more.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.core.market import Side
from polybot.core.orders import Amounts, SignatureType, TimeInForce
from polybot.polymarket.contracts import POLYGON, V3
from polybot.polymarket.orders import OrderData, sign_order
from polybot.simulator.rest.catalogue import CATALOGUE, by_text
from polybot.simulator.rest.modes import Mode
from simulated_venue import V1

SCRIPTED_ONLY = {
    "crosses": "an older text for a post-only order that crosses",
    "short": "the venue now always says what is short",
    "invalid_nonce": "orders have no nonce since April 2026",
    "canceled_on_chain": "orders cannot be cancelled on chain since April 2026",
    "match_delayed": "said when the venue likes",
    "timed_out": "happens inside the venue",
    "not_inserted": "happens inside the venue",
    "nothing_to_match": "happens inside the venue",
    "fok_killed_late": "happens inside the venue",
    "rounding": "happens inside the venue",
    "price_discrepancy": "happens inside the venue",
}
Answer = tuple[int, Any]
Producer = Callable[[Venue, Caller], Awaitable[Answer]]
NATURAL: dict[str, Producer] = {}
FOK, FAK, GTD = TimeInForce.FOK, TimeInForce.FAK, TimeInForce.GTD


def natural(name: str) -> Callable[[Producer], Producer]:
    def keep(producer: Producer) -> Producer:
        NATURAL[name] = producer
        return producer

    return keep


def order_of(name: str, **terms: Any) -> None:
    """An order of these terms is refused for what `name` says."""

    async def produce(venue: Venue, caller: Caller) -> Answer:
        return await caller.post(caller.order(venue.running.market(V1), **terms))

    NATURAL[name] = produce


def asked(name: str, method: str, path: str, *, query: str = "", body: bytes = b"") -> None:
    async def produce(_venue: Venue, caller: Caller) -> Answer:
        return await caller.l2(method, path, body=body, query=query)

    NATURAL[name] = produce


def in_mode(name: str, mode: Mode) -> None:
    async def produce(venue: Venue, caller: Caller) -> Answer:
        venue.running.simulator.modes.set(mode)
        return await caller.post(caller.order(venue.running.market(V1)))

    NATURAL[name] = produce


def restricted(name: str, restriction: str) -> None:
    async def produce(venue: Venue, caller: Caller) -> Answer:
        await venue.control("/restrictions", wallet=caller.account.wallet, restriction=restriction)
        return await caller.post(caller.order(venue.running.market(V1)))

    NATURAL[name] = produce


order_of("off_tick", amounts=Amounts(making=4_050_000, taking=10_000_000))
order_of("too_small", shares="4")
order_of("post_only_crosses", price="0.53", post_only=True)
order_of("below_a_dollar", price="0.52", spend="0.52", tif=FAK)
order_of("market_accuracy", amounts=Amounts(making=5_001_000, taking=10_000_000), tif=FAK)
order_of("accuracy", amounts=Amounts(making=4_000_000, taking=10_001_000))
order_of("inconsistent", price="0.22", amounts=Amounts(making=4_330_000, taking=19_690_000))
order_of("short_balance", price="0.40", shares="500")
order_of("invalid_expiration", tif=GTD, expiration_s=1_795_000_000)
order_of("fok_killed", price="0.51", spend="5", tif=FOK)
order_of("fak_killed", price="0.51", spend="5", tif=FAK)
order_of("wrong_owner", owner="00000000-0000-0000-0000-000000000000")
asked("invalid_payload", "POST", "/order", body=b'{"order":1}')
asked("invalid_order_id", "DELETE", "/order", body=b'{"orderID":"7"}')
asked("invalid_order_params", "GET", "/data/orders", query="?id=7")
asked("invalid_trade_params", "GET", "/data/trades", query="?after=yesterday")
asked("invalid_asset_type", "GET", "/balance-allowance", query="?asset_type=GOLD")
asked("invalid_signature_type", "GET", "/balance-allowance", query="?asset_type=COLLATERAL&signature_type=9")
asked("too_many_cancels", "DELETE", "/orders", body=msgspec.json.encode(["0x"] * 1001))
asked("no_book", "GET", "/book", query="?token_id=1")
asked("history_too_long", "GET", "/prices-history", query="?market=1&startTs=1&endTs=1296002")
in_mode("restarting", Mode.RESTARTING)
in_mode("post_only_mode", Mode.POST_ONLY)
in_mode("cancel_only", Mode.CANCEL_ONLY)
in_mode("disabled", Mode.DISABLED)
restricted("banned", "banned")
restricted("closed_only", "closed_only")


@natural("wrong_signer")
async def foreign_order(venue: Venue, caller: Caller) -> Answer:
    other = await venue.caller()
    return await caller.post(other.order(venue.running.market(V1), owner=caller.key["apiKey"]))


@natural("maker_not_allowed")
async def undeployed_wallet(venue: Venue, _caller: Caller) -> Answer:
    stranger = await venue.caller(SignatureType.POLY_PROXY)
    account = venue.running.simulator.world.exchange.accounts.find(
        stranger.account.wallet.lower()  # type: ignore[arg-type]
    )
    assert account is not None
    account.deployed = False
    return await stranger.post(stranger.order(venue.running.market(V1)))


@natural("invalid_signature")
async def tampered(venue: Venue, caller: Caller) -> Answer:
    body = caller.order(venue.running.market(V1)).body.replace(b'"makerAmount":"4000000"', b'"makerAmount":"3900000"')
    return await caller.l2("POST", "/order", body=body)


@natural("version_mismatch")
async def signed_for_the_other_generation(venue: Venue, caller: Caller) -> Answer:
    """A market of ConditionalTokens, an order signed for ExchangeV3."""
    market = venue.running.market(V1)
    sent = msgspec.json.decode(caller.order(market).body)
    order = sent["order"]
    data = OrderData(
        salt=order["salt"],
        maker=order["maker"],
        signer=order["signer"],
        token=market.outcomes[0].token,
        maker_amount=int(order["makerAmount"]),
        taker_amount=int(order["takerAmount"]),
        side=Side.BUY,
        signature_type=SignatureType.POLY_1271,
        timestamp_ms=int(order["timestamp"]),
    )
    order["signature"] = sign_order(data, V3[POLYGON], caller.signer)[1]
    return await caller.l2("POST", "/order", body=msgspec.json.encode(sent))


@natural("unauthorized")
async def unsigned(_venue: Venue, caller: Caller) -> Answer:
    return await caller.call("GET", "/data/orders")


@natural("invalid_l1")
async def no_l1(_venue: Venue, caller: Caller) -> Answer:
    return await caller.call("POST", "/auth/api-key")


@natural("key_exists")
async def second_key(_venue: Venue, caller: Caller) -> Answer:
    return await caller.l1("POST", "/auth/api-key")


@natural("no_key")
async def never_created(_venue: Venue, caller: Caller) -> Answer:
    return await caller.l1("GET", "/auth/derive-api-key", nonce=7)


@natural("region")
async def from_a_blocked_region(venue: Venue, caller: Caller) -> Answer:
    await venue.control("/geoblock", blocked=True, country="IR")
    return await caller.call("POST", "/order", body=b"unsigned: the region is looked at first")


@natural("duplicated")
async def sent_twice(venue: Venue, caller: Caller) -> Answer:
    order = caller.order(venue.running.market(V1))
    assert (await caller.post(order))[0] == 200
    return await caller.post(order)


@natural("short_balance_with_orders")
async def reserved(venue: Venue, caller: Caller) -> Answer:
    market = venue.running.market(V1)
    assert (await caller.post(caller.order(market, shares="200")))[0] == 200
    return await caller.post(caller.order(market, shares="100"))


@natural("short_allowance")
async def not_approved(venue: Venue, _caller: Caller) -> Answer:
    stranger = await venue.caller(approve=False)
    return await stranger.post(stranger.order(venue.running.market(V1)))


@natural("market_not_ready")
async def market_on_hold(venue: Venue, caller: Caller) -> Answer:
    await venue.control("/restrictions", condition=V1, restriction="not_ready")
    return await caller.post(caller.order(venue.running.market(V1)))


@natural("too_many_orders")
async def sixteen(venue: Venue, caller: Caller) -> Answer:
    one = caller.order(venue.running.market(V1)).body
    return await caller.l2("POST", "/orders", body=b"[" + b",".join([one] * 16) + b"]")


@natural("market_not_found")
async def unknown_token(venue: Venue, caller: Caller) -> Answer:
    market = venue.running.market(V1)
    body = caller.order(market).body.replace(market.outcomes[0].token.encode(), b"1" * 70)
    return await caller.l2("POST", "/order", body=body)


@natural("rate_limited")
async def too_often(venue: Venue, caller: Caller) -> Answer:
    batch = b"[" + b",".join([caller.order(venue.running.market(V1)).body] * 15) + b"]"
    answer: Answer = (0, None)
    for _ in range(12):
        answer = await caller.l2("POST", "/orders", body=batch)
        if answer[0] == 429:
            break
    return answer


def pattern(text: str) -> str:
    """The text with anything in place of its substitutions."""
    return re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(text))


def test_nothing_is_left_out() -> None:
    assert set(NATURAL) | set(SCRIPTED_ONLY) == set(CATALOGUE)
    assert not set(NATURAL) & set(SCRIPTED_ONLY)


@pytest.mark.parametrize("name", sorted(NATURAL))
async def test_it_comes_about(venue: Venue, caller: Caller, name: str) -> None:
    error = CATALOGUE[name]
    status, body = await NATURAL[name](venue, caller)
    assert status == error.status, body
    assert re.fullmatch(pattern(error.text), body["error"]), body["error"]
    assert error.more.items() <= body.items()


async def test_it_can_be_scripted() -> None:
    """All of them at one venue, one after another."""
    async with open_venue() as venue:
        caller = await venue.caller()
        for name, error in CATALOGUE.items():
            values = {given: given.upper() for given in re.findall(r"\{(\w+)\}", error.text)}
            await venue.control("/faults", fault="refuse", error=name, values=values, scope={"path": "/order"}, count=1)
            status, body = await caller.l2("POST", "/order", body=b"{}")
            assert (status, body["error"]) == (error.status, error.text.format(**values)), name


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("market not found", 404),
        ("the order was Not Found", 404),
        ("unauthorized signer", 401),
        ("context canceled", 400),
        ("order timed out", 500),
    ],
)
def test_a_status_follows_its_text(text: str, status: int) -> None:
    assert by_text(text, status=500) == status
