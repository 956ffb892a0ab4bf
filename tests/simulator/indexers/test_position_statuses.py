"""Positions by what can be done with them, over the wire."""

from typing import Any

from indexers_scene import Scene, scene

from polybot.core.market import Side
from simulated_venue import NEG_RISK, V1, V2

STATUSES = ("OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED")


async def by_status(venue: Scene) -> dict[str, list[str]]:
    """Tokens under each status that can be asked for."""
    return {
        status: sorted(row["token_id"] for row in await venue.mine("/v2/positions", status=status))
        for status in STATUSES
    }


async def test_each_status_lists_its_own() -> None:
    async with scene() as venue:
        account = venue.simulator.world.exchange.accounts.find(venue.wallet)
        assert account is not None
        operators, account.operators = account.operators, set()
        won, lost, pair = venue.token(V1), venue.token(NEG_RISK), [venue.token(V2), venue.token(V2, outcome=1)]
        for condition, outcome in ((V1, 0), (NEG_RISK, 0), (V2, 0), (V2, 1)):
            venue.trade(Side.BUY, "10", condition=condition, outcome=outcome)
        await venue.advance(10)
        everything = sorted([won, lost, *pair])
        assert await by_status(venue) == {
            "OPEN": everything, "REDEEMABLE": [], "REDEEMABLE_LOST": [], "MERGEABLE": sorted(pair), "CLOSED": [],
        }  # fmt: skip
        exchange = venue.simulator.world.exchange
        exchange.resolve(V1, winner=won)
        exchange.resolve(NEG_RISK, winner=venue.token(NEG_RISK, outcome=1))
        await venue.advance(20)
        shown = await by_status(venue)
        assert shown["OPEN"] == everything
        assert won in shown["REDEEMABLE"]
        assert shown["REDEEMABLE_LOST"] == [lost]
        rows: dict[str, Any] = {row["token_id"]: row for row in await venue.mine("/v2/positions")}
        assert {rows[token]["status"] for token in (won, lost)} == {"REDEEMABLE"}
        assert [rows[token]["redeemable"] for token in (won, lost, *pair)] == [True, True, False, False]
        assert [rows[token]["mergeable"] for token in (won, *pair)] == [False, True, True]
        assert (rows[won]["current_value"], rows[lost]["current_value"]) == (10, 0)
        account.operators = operators
        exchange.redeem(venue.wallet, V1)
        await venue.advance(20)
        assert won in (await by_status(venue))["CLOSED"]
