"""Keys of the CLOB beyond the first: several, read-only, builders', and what a wallet must be to trade."""

import json

import aiohttp
import pytest
from owner import Owner, open_owner

from polybot.core.orders import SignatureType
from polybot.polymarket.auth import ApiCredentials, l1_headers
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.relayer.auth import BuilderAuth
from polybot.simulator.engine.model import Restriction
from polybot.simulator.rest.keys import ApiKeys, KeyExists, KeyKind
from simulated_venue import Running

UNAUTHORIZED = (401, {"error": "Unauthorized/Invalid api key"})


async def test_an_address_has_a_key_for_each_nonce(owner: Owner) -> None:
    first, second = await owner.log_in(), await owner.log_in(nonce=7)
    status, listed = await owner.l2(first, "GET", "/auth/api-keys")
    assert (status, len(set(listed["apiKeys"]))) == (200, 2)
    assert await owner.l2(second, "DELETE", "/auth/api-key") == (200, "OK")
    assert await owner.l2(second, "GET", "/auth/api-keys") == UNAUTHORIZED
    assert len((await owner.l2(first, "GET", "/auth/api-keys"))[1]["apiKeys"]) == 1
    headers = l1_headers(owner.signer, chain_id=POLYGON, timestamp_s=owner.now_s(), nonce=7)
    assert await owner.clob("GET", "/auth/derive-api-key", headers=headers) == (
        400,
        {"error": "Could not derive api key!"},
    )


def test_a_deleted_keys_nonce_is_free_again_or_spent() -> None:
    for reborn in (True, False):
        keys = ApiKeys(seed=0, reborn=reborn)
        made = keys.create("0xAB", nonce=0)
        keys.delete(made)
        if reborn:
            assert keys.create("0xab", nonce=0) == made
        else:
            with pytest.raises(KeyExists):
                keys.create("0xab", nonce=0)


async def test_a_read_only_key_reads_and_does_not_trade(owner: Owner) -> None:
    auth = await owner.log_in()
    made = (await owner.l2(auth, "POST", "/auth/readonly-api-key"))[1]["apiKey"]
    assert (await owner.l2(auth, "GET", "/auth/readonly-api-keys"))[1] == {"readonlyApiKeys": [made]}
    named = {"POLY_ADDRESS": owner.signer.address, "POLY_READONLY_API_KEY": made}
    for path in ("/data/orders", "/data/trades"):
        assert (await owner.clob("GET", path, headers=named))[0] == 200
    assert await owner.clob("DELETE", "/cancel-all", headers=named) == UNAUTHORIZED
    assert await owner.clob("GET", "/auth/api-keys", headers=named) == UNAUTHORIZED
    assert await owner.clob("GET", "/data/orders", headers={**named, "POLY_ADDRESS": "0x" + "1" * 40}) == UNAUTHORIZED
    body = json.dumps({"key": made}).encode()
    assert await owner.l2(auth, "DELETE", "/auth/readonly-api-key", body=body) == (200, "OK")
    assert await owner.clob("GET", "/data/orders", headers=named) == UNAUTHORIZED
    assert (await owner.l2(auth, "DELETE", "/auth/readonly-api-key", body=body))[0] == 400
    assert (await owner.l2(auth, "DELETE", "/auth/readonly-api-key", body=b"?"))[0] == 400


async def test_a_read_only_key_is_nobody_elses(owner: Owner) -> None:
    other = open_owner(owner.running, owner._session)
    foreign = (await other.l2(await other.log_in(), "POST", "/auth/readonly-api-key"))[1]["apiKey"]
    body = json.dumps({"key": foreign}).encode()
    assert (await owner.l2(await owner.log_in(), "DELETE", "/auth/readonly-api-key", body=body))[0] == 400


async def test_a_builder_key_is_made_listed_and_deletes_itself(owner: Owner) -> None:
    auth = await owner.log_in()
    before = (await owner.l2(auth, "GET", "/auth/builder-api-key"))[1]
    made = (await owner.l2(auth, "POST", "/auth/builder-api-key"))[1]
    assert set(made) == {"key", "secret", "passphrase"}
    listed = (await owner.l2(auth, "GET", "/auth/builder-api-key"))[1]
    assert listed == [*before, {"key": made["key"]}]
    path = "/auth/builder-api-key"
    builder = BuilderAuth(ApiCredentials(made["key"], made["secret"], made["passphrase"]))
    assert await owner.l2(auth, "DELETE", path) == UNAUTHORIZED
    headers = builder.headers(method="DELETE", path=path, body=b"", timestamp_s=owner.now_s())
    assert await owner.clob("DELETE", path, headers=headers) == (200, "OK")
    assert await owner.clob("DELETE", path, headers=headers) == UNAUTHORIZED


async def test_a_builder_key_does_not_trade(owner: Owner) -> None:
    key = owner.running.simulator.keys.mint(owner.signer.address, KeyKind.BUILDER)
    signed = {
        name.replace("POLY_BUILDER", "POLY"): value
        for name, value in owner.builder.headers(
            method="GET", path="/data/orders", body=b"", timestamp_s=owner.now_s()
        ).items()
    }
    headers = {**signed, "POLY_ADDRESS": owner.signer.address}
    assert await owner.clob("GET", "/data/orders", headers=headers) == UNAUTHORIZED
    del key


async def test_a_restricted_wallet_is_told(owner: Owner) -> None:
    auth = await owner.log_in()
    path = "/auth/ban-status/closed-only"
    assert await owner.l2(auth, "GET", path) == (200, {"closed_only": False})
    owner.account.restriction = Restriction.CLOSED_ONLY
    assert await owner.l2(auth, "GET", path) == (200, {"closed_only": True})


async def test_session_keys_are_listed_for_owners_of_deposit_wallets(
    simulator: Running, session: aiohttp.ClientSession
) -> None:
    owner = open_owner(simulator, session, SignatureType.POLY_PROXY)
    status, _ = await owner.l2(await owner.log_in(), "GET", "/v1/user/session-signers")
    assert status == 404
