"""Session keys: authorised, used, confined, expired and revoked."""

import json
from typing import Any

import aiohttp
import pytest
from owner import Owner, open_owner, split, wrapped

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.abi import call_data
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.contracts import POLYGON, PUSD, STANDARD
from polybot.polymarket.orders import OrderData, sign_order_with_session_key
from polybot.ports.wallet import Call
from simulated_venue import V1, Running


class Session:
    """A second key, which knows the owner's wallet."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        desk = owner.running.simulator.desk
        opened = desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("0"))
        self.eoa = Owner(owner.running, owner._session, opened)
        self.address = opened.eoa
        self._salt = 0

    async def order(self, auth: L2Auth, *, price: int = 40) -> tuple[int, Any]:
        """10 shares at so many cents."""
        running = self.owner.running
        self._salt += 1
        data = OrderData(
            salt=self._salt,
            maker=self.owner.opened.wallet,
            signer=self.owner.opened.wallet,
            token=TokenId(running.market(V1).outcomes[0].token),
            maker_amount=price * 100_000,
            taker_amount=10_000_000,
            side=Side.BUY,
            signature_type=SignatureType.POLY_1271,
            timestamp_ms=self.owner.now_s() * 1000,
        )
        _, signature = sign_order_with_session_key(data, STANDARD[POLYGON], self.eoa.signer)
        zero = "0x" + "00" * 32
        order = {
            "salt": data.salt, "maker": data.maker, "signer": data.signer, "tokenId": data.token,
            "makerAmount": str(data.maker_amount), "takerAmount": str(data.taker_amount), "side": "BUY",
            "expiration": "0", "timestamp": str(data.timestamp_ms), "metadata": zero, "builder": zero,
            "signature": signature, "signatureType": 3,
        }  # fmt: skip
        key = auth.headers(method="GET", path="/", timestamp_s=0)["POLY_API_KEY"]
        body = json.dumps({"order": order, "owner": key, "orderType": "GTC"}).encode()
        return await self.eoa.l2(auth, "POST", "/order", body=body)


@pytest.fixture
def key(owner: Owner) -> Session:
    return Session(owner)


async def registry(owner: Owner, auth: L2Auth) -> list[dict[str, Any]]:
    status, answer = await owner.l2(auth, "GET", "/v1/user/session-signers")
    assert status == 200
    assert answer["wallet"] == owner.opened.wallet
    return list(answer["signers"])


async def test_it_is_authorised_listed_used_and_revoked(owner: Owner, key: Session) -> None:
    auth = await owner.log_in()
    assert await registry(owner, auth) == []
    status, answer = await owner.authorize(key.address, valid_s=7200)
    assert (status, answer["status"], answer["transactionHash"]) == (200, "SUBMITTED", "")
    assert await registry(owner, auth) == []
    until = owner.now_s() + 7200
    await owner.running.advance(30)
    assert (await owner.state(answer["transactionId"]))["state"] == "STATE_CONFIRMED"
    (listed,) = await registry(owner, auth)
    assert (listed["address"], listed["scopes"]) == (key.address, ["CLOB"])
    assert abs(listed["valid_until"] - until) <= 1

    own = await key.eoa.log_in()
    status, placed = await key.order(own)
    assert (status, placed["status"]) == (200, "live"), placed
    status, answer = await owner.revoke(key.address)
    assert (status, answer["status"], answer["fenced"]) == (200, "FENCED", True)
    assert await registry(owner, auth) == []
    assert await key.order(own) == (400, {"error": "invalid signature"})
    assert (await key.eoa.l2(own, "GET", "/data/orders"))[1]["data"] == []
    await owner.running.advance(30)
    assert (await owner.state(answer["transactionId"]))["state"] == "STATE_CONFIRMED"
    assert await owner.nonce() == 2


async def test_each_key_sees_its_own_orders(owner: Owner, key: Session) -> None:
    auth, own = await owner.log_in(), await key.eoa.log_in()
    await owner.authorize(key.address)
    await owner.running.advance(30)
    order = (await key.order(own))[1]["orderID"]
    assert [row["id"] for row in (await key.eoa.l2(own, "GET", "/data/orders"))[1]["data"]] == [order]
    assert (await owner.l2(auth, "GET", "/data/orders"))[1]["data"] == []
    body = json.dumps({"orderID": order}).encode()
    assert (await owner.l2(auth, "DELETE", "/order", body=body))[1]["canceled"] == []
    assert (await key.eoa.l2(own, "DELETE", "/order", body=body))[1]["canceled"] == [order]


async def test_it_trades_with_the_wallets_money(owner: Owner, key: Session) -> None:
    auth, own = await owner.log_in(), await key.eoa.log_in()
    await owner.authorize(key.address, scopes=["ALL"])
    await owner.running.advance(30)
    status, placed = await key.order(own, price=52)
    assert (status, placed["status"]) == (200, "matched"), placed
    assert owner.account.held_micro[owner.running.market(V1).outcomes[0].token] == 10_000_000
    assert len((await key.eoa.l2(own, "GET", "/data/trades"))[1]["data"]) == 1
    assert (await owner.l2(auth, "GET", "/data/trades"))[1]["data"] == []


async def test_another_scope_does_not_trade_here(owner: Owner, key: Session) -> None:
    own = await key.eoa.log_in()
    await owner.authorize(key.address, scopes=["COMBOSRFQ"])
    await owner.running.advance(30)
    assert await key.order(own) == (400, {"error": "invalid signature"})


async def test_it_expires(owner: Owner, key: Session) -> None:
    auth, own = await owner.log_in(), await key.eoa.log_in()
    await owner.authorize(key.address, valid_s=600)
    await owner.running.advance(30)
    assert (await key.order(own))[0] == 200
    await owner.running.advance(600)
    assert await registry(owner, auth) == []
    assert await key.order(own) == (400, {"error": "invalid signature"})


async def test_a_key_nobody_authorised_may_nothing(owner: Owner, key: Session) -> None:
    assert await key.order(await key.eoa.log_in()) == (400, {"error": "invalid signature"})


async def test_it_may_split_but_not_send_money_away(owner: Owner, key: Session) -> None:
    await owner.authorize(key.address)
    await owner.running.advance(30)

    async def submit(call: Call) -> tuple[int, Any]:
        body = json.loads(await owner.body(call))
        batch = owner.batch([call], nonce=await owner.nonce())
        body.update({"from": key.address, "signature": wrapped(key.eoa.signer, batch)})
        body["depositWalletParams"]["deadline"] = str(batch.deadline_s)
        return await owner.post("/submit", json.dumps(body).encode())

    asked = await owner.get("/v1/account/transactions/params", address=key.address, type="WALLET")
    assert asked[1]["nonce"] == "1"
    theft = Call(PUSD, call_data("transfer(address,uint256)", key.address, 1_000_000), "send")
    assert await submit(theft) == (400, {"error": "a session key cannot withdraw funds"})
    status, answer = await submit(split(V1, 1_000_000))
    assert status == 200, answer
    await owner.running.advance(30)
    assert (await owner.state(answer["transactionID"]))["state"] == "STATE_CONFIRMED"


async def test_only_the_owner_authorises(simulator: Running, session: aiohttp.ClientSession, owner: Owner) -> None:
    thief = open_owner(simulator, session)
    thief.wallet, thief.opened = owner.wallet, owner.opened
    assert await thief.authorize(thief.signer.address) == (400, {"error": "invalid signature"})


async def test_an_authorisation_needs_the_builder_key(owner: Owner, key: Session) -> None:
    path = "/v1/session-signers/authorizations"
    status, answer = await owner.post(path, b"{}", headers={}, extra={"Idempotency-Key": "x"})
    assert (status, answer) == (401, {"error": "Unauthorized/Invalid api key"})
    assert (await owner.post(path, b"{}"))[1] == {"error": "missing Idempotency-Key header"}
    del key


async def test_the_same_wish_twice_is_granted_once(owner: Owner, key: Session) -> None:
    seen = []
    real_post = owner.post

    async def twice(path: str, body: bytes, **more: Any) -> tuple[int, Any]:
        seen.extend([await real_post(path, body, **more), await real_post(path, body, **more)])
        seen.append(await real_post(path, body + b" ", **more))
        return seen[0]

    owner.post = twice  # type: ignore[method-assign]
    await owner.authorize(key.address)
    assert seen[0] == seen[1]
    assert seen[0][0] == 200
    assert seen[2] == (409, {"error": "Idempotency-Key was used with another request body"})
    await owner.running.advance(30)
    assert await owner.nonce() == 1


@pytest.mark.parametrize(("scopes", "valid_s"), [(["ALL", "CLOB"], 60), (["MOON"], 60), (["CLOB"], -60)])
async def test_a_senseless_authorisation_is_refused(
    owner: Owner, key: Session, scopes: list[str], valid_s: int
) -> None:
    assert (await owner.authorize(key.address, scopes=scopes, valid_s=valid_s))[0] == 400
    del key
