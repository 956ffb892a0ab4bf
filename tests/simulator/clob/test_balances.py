"""Balances are what the CLOB last saw on chain."""

import pytest
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.rest.clob_options import ClobOptions
from simulated_venue import NEG_RISK, V1, V2

CASH = "?asset_type=COLLATERAL&signature_type=3"


async def balance(caller: Caller, query: str = CASH) -> int:
    return int((await caller.l2("GET", "/balance-allowance", query=query))[1]["balance"])


async def test_a_deposit_shows_after_an_update(venue: Venue, caller: Caller) -> None:
    assert await balance(caller) == 100_000_000
    accounts = venue.running.simulator.world.exchange.accounts
    account = next(a for a in accounts if a.wallet == caller.account.wallet.lower())
    accounts.deposit(account, Usdc.parse("50"))
    await venue.running.advance(60)
    assert await balance(caller) == 100_000_000
    assert (await caller.l2("GET", "/balance-allowance/update", query=CASH))[0] == 200
    assert await balance(caller) == 150_000_000


@pytest.mark.parametrize("condition", [V1, NEG_RISK, V2])
async def test_a_fill_shows_a_while_after_its_block(venue: Venue, caller: Caller, condition: str) -> None:
    market = venue.running.market(condition)  # type: ignore[arg-type]
    kind = "CONDITIONAL-V2" if condition == V2 else "CONDITIONAL"
    shares = f"?asset_type={kind}&signature_type=3&token_id={market.outcomes[0].token}"
    assert (await balance(caller), await balance(caller, shares)) == (100_000_000, 0)
    await caller.post(caller.order(market, price="0.60", spend="26", tif=TimeInForce.FAK))
    assert (await balance(caller), await balance(caller, shares)) == (100_000_000, 0)
    await venue.running.advance(20)
    assert await balance(caller) < 74_000_001
    assert await balance(caller, shares) == 50_000_000


async def test_an_order_is_checked_against_the_venues_own_books(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    assert await balance(caller) == 100_000_000
    await caller.post(caller.order(market, price="0.60", spend="60", tif=TimeInForce.FAK))
    assert await balance(caller) == 100_000_000
    status, body = await caller.post(caller.order(market, price="0.50", shares="150"))
    assert status == 400
    assert "the balance is not enough" in body["error"]


async def test_each_spender_is_listed_with_its_allowance(venue: Venue) -> None:
    caller = await venue.caller(approve=False)
    allowances = (await caller.l2("GET", "/balance-allowance", query=CASH))[1]["allowances"]
    assert len(allowances) == 4
    assert set(allowances.values()) == {"0"}


async def test_a_new_deposit_wallet_may_have_to_update_first() -> None:
    async with open_venue(ClobOptions(update_before_first_order=True)) as venue:
        caller, safe = await venue.caller(), await venue.caller(SignatureType.POLY_GNOSIS_SAFE)
        market = venue.running.market(V1)
        words = "the order signer address has to be the address of the API KEY"
        assert await caller.post(caller.order(market)) == (400, {"error": words})
        assert (await safe.post(safe.order(market)))[0] == 200
        await caller.l2("GET", "/balance-allowance/update", query=CASH)
        assert (await caller.post(caller.order(market)))[0] == 200


async def test_wrong_queries_are_refused(caller: Caller) -> None:
    path = "/balance-allowance"
    assert await caller.l2("GET", path, query="?asset_type=GOLD") == (400, {"error": "Invalid asset type"})
    wrong_type = "?asset_type=COLLATERAL&signature_type=9"
    assert await caller.l2("GET", path, query=wrong_type) == (400, {"error": "Invalid signature_type"})


async def test_a_wallet_nobody_opened_has_nothing(caller: Caller) -> None:
    assert await balance(caller, "?asset_type=COLLATERAL&signature_type=1") == 0
