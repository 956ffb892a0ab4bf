"""What the relayer refuses, and in which words."""

import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from owner import APPROVE, Answer, Owner, open_owner

from polybot.core.orders import SignatureType
from polybot.polymarket.abi import call_data
from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.contracts import COLLATERAL_ADAPTER, NEG_RISK_ADAPTER, PUSD
from polybot.polymarket.relayer.auth import BuilderAuth, RelayerKeyAuth
from polybot.ports.wallet import Call
from polybot.simulator.relayer.options import ADAPTERS_REFUSED, RelayerOptions
from polybot.simulator.rest.keys import KeyKind
from simulated_venue import STILL, Running, running_simulator

UNAUTHORIZED = (401, {"error": "Unauthorized/Invalid api key"})
NOWHERE = "0x" + "99" * 20


def refused(text: str) -> Answer:
    return 400, {"error": text}


# who may ask


async def test_a_stranger_is_refused(owner: Owner) -> None:
    body = await owner.body(APPROVE)
    assert await owner.post("/submit", body, headers={}) == UNAUTHORIZED
    key = owner.running.simulator.keys.mint(owner.signer.address, KeyKind.BUILDER)
    foreign = BuilderAuth(ApiCredentials(key.key, key.secret, "another passphrase"))
    headers = foreign.headers(method="POST", path="/submit", body=body, timestamp_s=owner.now_s())
    assert await owner.post("/submit", body, headers=headers) == UNAUTHORIZED
    late = owner.builder.headers(method="POST", path="/submit", body=body, timestamp_s=owner.now_s() - 120)
    assert await owner.post("/submit", body, headers=late) == UNAUTHORIZED
    other_body = owner.builder.headers(method="POST", path="/submit", body=body + b" ", timestamp_s=owner.now_s())
    assert await owner.post("/submit", body, headers=other_body) == UNAUTHORIZED


async def test_a_relayer_key_is_as_good(owner: Owner) -> None:
    body = await owner.body(APPROVE)
    key = owner.running.simulator.keys.mint(owner.signer.address, KeyKind.RELAYER).key
    named = RelayerKeyAuth(key, address=owner.signer.address).headers(
        method="POST", path="/submit", body=body, timestamp_s=0
    )
    assert await owner.post("/submit", body, headers={**named, "RELAYER_API_KEY_ADDRESS": NOWHERE}) == UNAUTHORIZED
    assert (await owner.post("/submit", body, headers=named))[0] == 200


# how much


async def test_the_twenty_sixth_of_a_minute_waits(owner: Owner) -> None:
    url = owner.running.urls.relayer + "/submit"
    for _ in range(25):
        status, _answer = await owner.post("/submit", b"{}")
        assert status == 400
    headers = owner.builder.headers(method="POST", path="/submit", body=b"{}", timestamp_s=owner.now_s())
    async with owner._session.post(url, data=b"{}", headers=headers) as answer:
        assert answer.status == 429
        assert 50 <= int(answer.headers["Retry-After"]) <= 60
    await owner.running.advance(61)
    assert (await owner.submit(APPROVE))[0] == 200


async def test_a_spent_quota_says_when_it_is_renewed(owner: Owner) -> None:
    allowance = owner.running.simulator.relayer.allowance
    allowance.quota = 1
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"
    words = {"error": "quota exceeded: 0 units remaining, resets in 3600 seconds"}
    assert await owner.submit(APPROVE) == (429, words)
    allowance.quota_status = 400
    assert await owner.submit(APPROVE) == (400, words)
    allowance.quota = None
    assert (await owner.submit(APPROVE))[0] == 200


# one after the other


async def test_a_wallet_does_one_thing_at_a_time(owner: Owner) -> None:
    first = (await owner.submit(APPROVE))[1]["transactionID"]
    assert await owner.submit(APPROVE) == refused(f"wallet has in-flight action {first}")
    await owner.running.advance(0.6)
    assert await owner.submit(APPROVE) == refused(f"wallet busy: {owner.opened.wallet} has an active action {first}")
    await owner.running.advance(30)
    assert await owner.submit(APPROVE, nonce=0) == refused("batch nonce 0 does not match on-chain nonce 1")
    assert await owner.submit(APPROVE, nonce=2) == refused("batch nonce 2 does not match on-chain nonce 1")
    assert (await owner.submit(APPROVE, nonce=1))[0] == 200


@pytest.mark.parametrize("kind", [SignatureType.POLY_PROXY, SignatureType.POLY_GNOSIS_SAFE])
async def test_so_do_older_wallets(simulator: Running, session: aiohttp.ClientSession, kind: SignatureType) -> None:
    owner = open_owner(simulator, session, kind)
    assert (await owner.submit(APPROVE))[0] == 200
    assert (await owner.submit(APPROVE))[0] == 400
    await simulator.advance(30)
    assert await owner.submit(APPROVE, nonce=0) == refused("nonce 0 does not match on-chain nonce 1")


async def test_two_wallets_do_not_wait_for_each_other(simulator: Running, session: aiohttp.ClientSession) -> None:
    for _ in range(2):
        assert (await open_owner(simulator, session).submit(APPROVE))[0] == 200


# what is signed


async def test_a_passed_deadline_is_refused(owner: Owner) -> None:
    late = owner.now_s() - 5
    assert await owner.submit(APPROVE, deadline_s=late) == refused(f"deadline {late} has passed")


async def test_a_deadline_that_passes_under_way_makes_it_invalid(session: aiohttp.ClientSession) -> None:
    async with running_simulator(replace(STILL, relayer=RelayerOptions(broadcast_s=20.0))) as running:
        owner = open_owner(running, session)
        deadline = owner.now_s() + 10
        answer = (await owner.submit(APPROVE, deadline_s=deadline))[1]
        await running.advance(60)
        state = await owner.state(answer["transactionID"])
        assert (state["state"], state["error_msg"]) == ("STATE_INVALID", f"deadline {deadline} has passed")
        assert not state["transaction_hash"]
        assert await owner.nonce() == 0


@pytest.mark.parametrize("kind", [SignatureType.POLY_PROXY, SignatureType.POLY_GNOSIS_SAFE, SignatureType.POLY_1271])
async def test_only_the_owner_moves_a_wallet(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    owner, thief = open_owner(simulator, session, kind), open_owner(simulator, session, kind)
    theft = json.loads(await thief.body(APPROVE))
    if kind is SignatureType.POLY_1271:
        thief.wallet = owner.wallet
        theft = json.loads(await thief.body(APPROVE))
        assert await thief.post("/submit", json.dumps(theft).encode()) == refused("invalid signature")
    else:
        theft["proxyWallet"] = owner.opened.wallet
        assert (await thief.post("/submit", json.dumps(theft).encode()))[0] == 400
    claimed = {**json.loads(await owner.body(APPROVE)), "from": thief.signer.address}
    assert await owner.post("/submit", json.dumps(claimed).encode()) == refused("invalid signature")


@pytest.mark.parametrize("kind", [SignatureType.POLY_PROXY, SignatureType.POLY_GNOSIS_SAFE, SignatureType.POLY_1271])
async def test_only_known_contracts_are_called(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    owner = open_owner(simulator, session, kind)
    for target in (NOWHERE, NEG_RISK_ADAPTER):
        call = Call(target, call_data("approve(address,uint256)", NOWHERE, 1), "?")
        status, answer = await owner.submit(APPROVE, call)
        assert status == 400
        assert answer["error"].lower() == f"call target {target} is not allowed".lower()


async def test_approvals_can_be_refused_by_spender(owner: Owner, session: aiohttp.ClientSession) -> None:
    approval = Call(PUSD, call_data("approve(address,uint256)", COLLATERAL_ADAPTER, 1), "approve")
    assert (await owner.done(approval))["state"] == "STATE_CONFIRMED"
    strict = replace(STILL, relayer=RelayerOptions(refused_spenders=ADAPTERS_REFUSED))
    async with running_simulator(strict) as running:
        answer = await open_owner(running, session).submit(approval)
        assert answer == refused(f"approval of {COLLATERAL_ADAPTER} is not allowed")


async def test_states_can_be_for_holders_of_keys_only(session: aiohttp.ClientSession) -> None:
    async with running_simulator(replace(STILL, relayer=RelayerOptions(reads_need_key=True))) as running:
        owner = open_owner(running, session)
        submitted = (await owner.submit(APPROVE))[1]["transactionID"]
        assert await owner.get(f"/v1/account/transactions/{submitted}") == UNAUTHORIZED
        assert await owner.get("/transaction", id=submitted) == UNAUTHORIZED


# the body


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metadata": "x" * 501}, "metadata"),
        ({"nonce": 7}, "nonce"),
        ({"signature": "0xzz"}, "signature"),
        ({"nonce": "9" * 78}, "invalid signature"),
        ({"type": "EOA"}, "Invalid value 'EOA'"),
        ({"depositWalletParams": {}}, "depositWalletParams"),
    ],
)
async def test_a_malformed_body_is_named(owner: Owner, change: dict[str, Any], words: str) -> None:
    body = {**json.loads(await owner.body(APPROVE)), **change}
    status, answer = await owner.post("/submit", json.dumps(body).encode())
    assert status == 400
    assert words in answer["error"]


async def test_metadata_may_have_500_characters(owner: Owner) -> None:
    assert (await owner.submit(APPROVE, metadata="x" * 500))[0] == 200


async def test_an_empty_batch_is_refused(owner: Owner) -> None:
    assert await owner.submit() == refused("no calls")


async def test_a_question_without_a_wallet_is_refused(owner: Owner) -> None:
    assert (await owner.get("/deployed", address="me"))[0] == 400
    assert (await owner.get("/v1/account/transactions/params", address=owner.signer.address))[0] == 400
    assert (await owner.get("/relay-payload", address=owner.signer.address, type="EOA"))[0] == 400


# what a script can bring about


async def test_the_next_transaction_can_be_made_to_end_badly(owner: Owner) -> None:
    async def control(body: dict[str, Any]) -> Answer:
        async with owner._session.post(owner.running.urls.control + "/relayer", json=body) as answer:
            return answer.status, await answer.json()

    for state in ("STATE_FAILED", "STATE_INVALID"):
        status, _answer = await control({"next_state": state, "error": "out of luck"})
        assert status == 200
        ended = await owner.done(APPROVE)
        assert (ended["state"], ended["error_msg"]) == (state, "out of luck")
        assert bool(ended["transaction_hash"]) is (state == "STATE_FAILED")
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"
    assert (await control({"quota": 0}))[1]["quota"] == 0
    assert (await owner.submit(APPROVE))[0] == 429
    assert (await control({"mood": "bad"}))[0] == 400


async def test_control_makes_relayer_keys(owner: Owner) -> None:
    url = owner.running.urls.control + "/relayer-keys"
    async with owner._session.post(url, json={"eoa": owner.signer.address}) as answer:
        made = await answer.json()
    named = {"RELAYER_API_KEY": made["key"], "RELAYER_API_KEY_ADDRESS": made["address"]}
    assert (await owner.post("/submit", await owner.body(APPROVE), headers=named))[0] == 200
    async with owner._session.post(url, json={"eoa": "me"}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("field", ["relay", "relayHub"])
async def test_a_proxys_call_goes_through_this_relay(
    simulator: Running, session: aiohttp.ClientSession, field: str
) -> None:
    owner = open_owner(simulator, session, SignatureType.POLY_PROXY)
    body = json.loads(await owner.body(APPROVE))
    body["signatureParams"][field] = NOWHERE
    status, answer = await owner.post("/submit", json.dumps(body).encode())
    assert status == 400
    assert answer["error"].startswith(f"signatureParams.{field} {NOWHERE} is not ")
