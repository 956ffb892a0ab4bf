"""A transaction from its submission to its end, for every kind of wallet."""

from typing import Any

import aiohttp
import msgspec
import pytest
from owner import APPROVE, TYPES, Owner, open_owner, split, split_v2

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.abi import call_data
from polybot.polymarket.contracts import (
    DEPOSIT_FACTORY,
    POLYGON,
    PUSD,
    SAFE_FACTORY,
    STANDARD,
)
from polybot.polymarket.relayer.payloads import wallet_creation
from polybot.polymarket.typed_data import address_word, keccak, typed_digest, word
from polybot.polymarket.wallets import derive_deposit, derive_old_deposit
from polybot.ports.wallet import Call
from polybot.simulator.desk import OpenedAccount
from simulated_venue import NEG_RISK, V1, V2, Running, running_simulator

KINDS = list(TYPES)


@pytest.mark.parametrize("kind", KINDS)
async def test_it_goes_through_its_states_and_happens(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    owner = open_owner(simulator, session, kind)
    status, answer = await owner.submit(APPROVE, split(V1, 2_000_000), metadata="a split")
    assert (status, answer["state"]) == (200, "STATE_NEW")
    assert "transactionHash" not in answer
    seen = []
    for _ in range(20):
        state = await owner.state(answer["transactionID"])
        if state["state"] not in seen:
            seen.append(state["state"])
        assert bool(state["transaction_hash"]) is (state["state"] != "STATE_NEW")
        await simulator.advance(0.5)
    assert seen == ["STATE_NEW", "STATE_EXECUTED", "STATE_MINED", "STATE_CONFIRMED"]
    assert owner.account.allowances[STANDARD[POLYGON].address.lower()] == 5_000_000
    assert [owner.account.held_micro[o.token] for o in simulator.market(V1).outcomes] == [2_000_000, 2_000_000]
    assert owner.account.cash_micro == 98_000_000
    assert await owner.nonce() == 1
    assert not simulator.simulator.world.exchange.imbalance()


@pytest.mark.parametrize("kind", KINDS)
async def test_one_call_needs_no_wrapping(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    owner = open_owner(simulator, session, kind)
    state = await owner.done(split_v2(V2, 3_000_000))
    assert (state["state"], state["error_msg"]) == ("STATE_CONFIRMED", None)
    assert owner.account.held_micro[simulator.market(V2).outcomes[1].token] == 3_000_000


@pytest.mark.parametrize("kind", KINDS)
async def test_what_reverts_fails_as_a_whole(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    owner = open_owner(simulator, session, kind)
    before = dict(owner.account.allowances)
    state = await owner.done(APPROVE, split(V1, 101_000_000))
    assert state["state"] == "STATE_FAILED"
    assert "exceeds balance" in state["error_msg"]
    assert owner.account.allowances == before
    assert owner.account.cash_micro == 100_000_000
    # The hub spends the nonce of a proxy's call; elsewhere the whole transaction is undone.
    assert await owner.nonce() == (1 if kind is SignatureType.POLY_PROXY else 0)


async def test_the_chain_shows_it(owner: Owner) -> None:
    chain = owner.running.simulator.chain
    submitted = (await owner.submit(split(V1, 1_000_000)))[1]["transactionID"]
    for _ in range(20):
        await owner.running.advance(0.5)
        state = await owner.state(submitted)
        shown = chain.transaction(state["transaction_hash"])
        assert shown is not None
        assert (shown.block is None) is (state["state"] == "STATE_EXECUTED")
    assert shown is not None
    assert shown.succeeded
    failed = chain.transaction((await owner.done(split(V1, 101_000_000)))["transaction_hash"])
    assert failed is not None
    assert not failed.succeeded


async def test_a_neg_risk_market_is_no_market_of_the_other_adapter(owner: Owner) -> None:
    state = await owner.done(split(NEG_RISK, 1_000_000))
    assert state["state"] == "STATE_FAILED"


async def test_collateral_is_sent_away(owner: Owner) -> None:
    other = "0x" + "77" * 20
    state = await owner.done(Call(PUSD, call_data("transfer(address,uint256)", other, 5_000_000), "send"))
    assert state["state"] == "STATE_CONFIRMED"
    assert owner.account.cash_micro == 95_000_000


async def test_the_older_addresses_answer_too(owner: Owner) -> None:
    assert (await owner.get("/nonce", address=owner.signer.address, type="WALLET"))[1]["nonce"] == "0"
    answer = (await owner.submit(APPROVE, metadata="why"))[1]
    await owner.running.advance(30)
    status, rows = await owner.get("/transaction", id=answer["transactionID"])
    assert status == 200
    (row,) = rows
    assert (row["state"], row["type"], row["metadata"]) == ("STATE_CONFIRMED", "WALLET", "why")
    assert row["transactionHash"] == (await owner.state(answer["transactionID"]))["transaction_hash"]
    assert await owner.get("/transaction", id="nobody's") == (404, {"error": "transaction not found"})
    assert (await owner.get("/v1/account/transactions/nobody's"))[0] == 404


# deployment


async def deployed(owner: Owner) -> bool:
    status, answer = await owner.get("/deployed", address=owner.opened.wallet, type=TYPES[owner.kind])
    assert status == 200
    return bool(answer["deployed"])


async def test_a_deposit_wallet_is_deployed(simulator: Running, session: aiohttp.ClientSession) -> None:
    owner = open_owner(simulator, session, deployed=False)
    assert not await deployed(owner)
    assert await owner.submit(APPROVE) == (400, {"error": f"wallet {owner.opened.wallet} is not deployed"})
    status, answer = await owner.post("/submit", wallet_creation(owner.signer.address))
    assert (status, answer["state"]) == (200, "STATE_NEW")
    assert not await deployed(owner)
    await simulator.advance(30)
    assert await deployed(owner)
    assert not owner.account.allowances
    assert owner.account.cash_micro == 100_000_000
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"
    again = await owner.post("/submit", wallet_creation(owner.signer.address))
    assert again == (400, {"error": f"wallet {owner.opened.wallet} is already deployed"})


async def test_a_wallet_that_never_had_an_account_is_deployed(
    simulator: Running, session: aiohttp.ClientSession
) -> None:
    eoa = open_owner(simulator, session, SignatureType.EOA)
    status, answer = await eoa.post("/submit", wallet_creation(eoa.signer.address))
    assert status == 200, answer
    await simulator.advance(30)
    made = simulator.simulator.world.exchange.accounts.find(derive_deposit(eoa.signer.address))
    assert made is not None
    assert made.deployed
    assert made.cash_micro == 0
    assert not made.operators


async def test_an_older_deposit_wallet_is_one_too(simulator: Running, session: aiohttp.ClientSession) -> None:
    owner = open_owner(simulator, session, old_form=True)
    assert await deployed(owner)
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"
    assert await owner.nonce() == 1


async def test_a_proxy_is_deployed_by_its_first_transaction(simulator: Running, session: aiohttp.ClientSession) -> None:
    owner = open_owner(simulator, session, SignatureType.POLY_PROXY, deployed=False)
    assert not await deployed(owner)
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"
    assert await deployed(owner)


async def test_a_safe_is_made_with_its_owners_signature(simulator: Running, session: aiohttp.ClientSession) -> None:
    owner = open_owner(simulator, session, SignatureType.POLY_GNOSIS_SAFE, deployed=False)
    body = safe_creation(owner)
    foreign = {**body, "from": "0x" + "12" * 20}
    assert await owner.post("/submit", encoded(foreign)) == (400, {"error": "invalid signature"})
    assert (await owner.post("/submit", encoded(body)))[0] == 200
    await simulator.advance(30)
    assert await deployed(owner)
    assert (await owner.done(APPROVE))["state"] == "STATE_CONFIRMED"


def encoded(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body)


def safe_creation(owner: Owner) -> dict[str, Any]:
    nobody = "0x" + "0" * 40
    kind = keccak(b"EIP712Domain(string name,uint256 chainId,address verifyingContract)")
    name = keccak(b"Polymarket Contract Proxy Factory")
    domain = keccak(kind + name + word(POLYGON) + address_word(SAFE_FACTORY))
    create = keccak(b"CreateProxy(address paymentToken,uint256 payment,address paymentReceiver)")
    digest = typed_digest(domain, keccak(create + address_word(nobody) + word(0) + address_word(nobody)))
    return {
        "type": "SAFE-CREATE",
        "from": owner.signer.address,
        "to": SAFE_FACTORY,
        "proxyWallet": owner.opened.wallet,
        "data": "0x",
        "signature": "0x" + owner.signer.sign(digest).hex(),
        "signatureParams": {"paymentToken": nobody, "payment": "0", "paymentReceiver": nobody},
    }


async def test_a_script_opens_wallets_of_every_form(simulator: Running, session: aiohttp.ClientSession) -> None:
    async def opened(**wanted: object) -> Owner:
        key = "0x" + "5a" * 32
        async with session.post(simulator.urls.control + "/accounts", json={"private_key": key, **wanted}) as answer:
            assert answer.status == 200
            made = await answer.json()
        kind = SignatureType(made["signature_type"])
        return Owner(simulator, session, OpenedAccount(key, made["eoa"], made["wallet"], kind, "", Usdc.parse("0")))

    for kind in ("proxy", "safe", "deposit"):
        assert not await deployed(await opened(wallet_type=kind, deployed=False))
    old = await opened(wallet_type="old_deposit")
    assert await deployed(old)
    assert old.wallet == derive_old_deposit(old.signer.address)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wallet_that_is_not_there_does_not_trade(
    simulator: Running, session: aiohttp.ClientSession, kind: SignatureType
) -> None:
    opened = simulator.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("10"), deployed=False)
    caller = Caller(session, simulator.urls.clob, opened, simulator.clock)
    await caller.log_in()
    words = "invalid signature"
    if kind is not SignatureType.POLY_1271:
        words = "maker address not allowed, please use the deposit wallet flow"
    assert await caller.post(caller.order(simulator.market(V1))) == (400, {"error": words})


async def test_the_same_script_meets_the_same_names(session: aiohttp.ClientSession) -> None:
    told = []
    for _ in range(2):
        async with running_simulator() as running:
            owner = open_owner(running, session)
            status, answer = await owner.submit(APPROVE)
            assert status == 200
            await running.advance(30)
            told.append(await owner.state(answer["transactionID"]))
    assert told[0] == told[1]


async def test_only_the_right_factory_is_asked(owner: Owner) -> None:
    body = {"type": "WALLET-CREATE", "from": owner.signer.address, "to": SAFE_FACTORY, "metadata": ""}
    status, answer = await owner.post("/submit", encoded(body))
    assert (status, answer) == (400, {"error": f"to {SAFE_FACTORY} is not {DEPOSIT_FACTORY}"})
