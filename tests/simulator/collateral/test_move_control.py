"""`POST /moves` of the control service, over the wire."""

from typing import Any

import aiohttp
import pytest

from polybot.core.money import Usdc
from polybot.polymarket.contracts import AUTO_REDEEMER, ONRAMP, ROUTER
from polybot.simulator.engine.accounts import Account
from simulated_venue import GROUP, NEG_RISK, V1, V2, Running


async def post(simulator: Running, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.post(simulator.urls.control + path, json=body) as answer:
        return answer.status, await answer.json()


async def opened(simulator: Running) -> Account:
    _, answer = await post(simulator, "/accounts", {"wallet_type": "deposit", "balance": 100, "name": "ann"})
    account = simulator.simulator.world.exchange.accounts.find(answer["wallet"].lower())
    assert account is not None
    return account


MOVES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "deposit", "usdc": 5}, "105"),
    ({"kind": "withdraw", "usdc": "0.000001"}, "99.999999"),
    ({"kind": "withdraw", "usdc": 1, "to": "0x" + "77" * 20}, "99"),
    ({"kind": "unwrap", "usdc": 7}, "93"),
    ({"kind": "reward", "usdc": 2, "type": "YIELD"}, "102"),
    ({"kind": "approve", "spender": ROUTER}, "100"),
    ({"kind": "approve_operator", "operator": AUTO_REDEEMER, "allowed": False, "contract": "positions"}, "100"),
    ({"kind": "split", "condition": V1, "shares": 10}, "90"),
    ({"kind": "split", "condition": V2, "shares": 10}, "90"),
]


@pytest.mark.parametrize(("body", "cash"), MOVES, ids=[f"{n}-{body['kind']}" for n, (body, _) in enumerate(MOVES)])
async def test_every_kind_is_done_and_told(simulator: Running, body: dict[str, Any], cash: str) -> None:
    ann = await opened(simulator)
    status, answer = await post(simulator, "/moves", {"trader": "ann", **body})
    assert status == 200, answer
    assert ann.cash == Usdc.parse(cash)
    [move] = simulator.simulator.world.exchange.ledger().moves
    assert (move.tx, move.wallet) == (answer["tx"], ann.wallet)


async def test_a_tie_is_redeemed_for_half(simulator: Running) -> None:
    ann = await opened(simulator)
    await post(
        simulator, "/moves", {"trader": "ann", "kind": "approve_operator", "operator": AUTO_REDEEMER, "allowed": False}
    )
    for move in ("split", "merge"):
        body = {"trader": "ann", "kind": move, "condition": V1, "shares": 10 if move == "split" else 4}
        assert (await post(simulator, "/moves", body))[0] == 200
    assert await post(simulator, "/resolve", {"condition": V1, "winner": None}) == (
        200,
        {"condition": V1, "winner": None},
    )
    await simulator.advance(30)
    assert ann.cash == Usdc.parse("94")
    assert (await post(simulator, "/moves", {"trader": "ann", "kind": "redeem", "condition": V1}))[0] == 200
    assert ann.cash == Usdc.parse("100")


async def test_granted_usdc_e_is_wrapped(simulator: Running) -> None:
    ann = await opened(simulator)
    await post(simulator, "/moves", {"trader": "ann", "kind": "grant", "usdc_e": 3, "pol": 2})
    await post(simulator, "/moves", {"trader": "ann", "kind": "wrap", "usdc": 3})
    assert (ann.cash, ann.usdc_e_micro, ann.pol_wei) == (Usdc.parse("103"), 0, 2 * 10**18)


async def test_a_wallet_without_approvals_can_be_given_them(simulator: Running) -> None:
    _, answer = await post(
        simulator, "/accounts", {"wallet_type": "safe", "balance": 9, "name": "bob", "approve": False}
    )
    await post(simulator, "/moves", {"trader": "bob", "kind": "grant", "usdc_e": 1})
    for body in ({"kind": "wrap", "usdc": 1}, {"kind": "split", "condition": V2, "shares": 9}):
        status, refused = await post(simulator, "/moves", {"trader": "bob", **body})
        assert (status, "InsufficientAllowance" in refused["error"]) == (400, True)
    for contract, spender in (("usdc_e", ONRAMP), ("pusd", ROUTER)):
        body = {"trader": "bob", "kind": "approve", "spender": spender, "allowance": 9, "contract": contract}
        assert (await post(simulator, "/moves", body))[0] == 200
    for body in ({"kind": "wrap", "usdc": 1}, {"kind": "split", "condition": V2, "shares": 9}):
        assert (await post(simulator, "/moves", {"trader": "bob", **body}))[0] == 200
    bob = simulator.simulator.world.exchange.accounts.find(answer["wallet"].lower())
    assert bob is not None
    assert (bob.cash, bob.allowances[ROUTER.lower()]) == (Usdc.parse("1"), 0)


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "merge", "condition": V1, "shares": 1}, 400, "execution reverted: SafeMath: subtraction overflow"),
    ({"kind": "convert", "group": GROUP, "index_set": 1, "shares": 1}, 400, "execution reverted: NoConvertible"),
    ({"kind": "redeem", "condition": NEG_RISK}, 400, "execution reverted: result for condition not received yet"),
    ({"kind": "split", "condition": "0x1", "shares": 1}, 404, "market 0x1 is not listed"),
    ({"kind": "split", "condition": V1, "shares": -1}, 400, "amount -1 must be positive"),
    ({"kind": "steal"}, 400, "Invalid value 'steal' - at `$.kind`"),
    ({"kind": "deposit"}, 400, "Object missing required field `usdc`"),
    ({"kind": "grant", "pol": -1}, 400, "usdc_e 0 and pol -1 must not be negative"),
    ({"kind": "deposit", "usdc": 1, "trader": "zoe"}, 404, "trader 'zoe' is neither"),
]


@pytest.mark.parametrize(("body", "status", "text"), REFUSED, ids=[f"{n}" for n in range(len(REFUSED))])
async def test_what_cannot_be_done_is_refused_with_a_reason(
    simulator: Running, body: dict[str, Any], status: int, text: str
) -> None:
    await opened(simulator)
    refused, answer = await post(simulator, "/moves", {"trader": "ann", **body})
    assert refused == status
    assert text in answer["error"]
    assert not simulator.simulator.world.exchange.ledger().moves
