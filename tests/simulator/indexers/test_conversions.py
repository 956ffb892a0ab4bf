"""Conversions and redemptions among a wallet's activity, for our client and the official one."""

import pytest
from indexers_scene import Scene, scene
from polymarket.models.data.activity import parse_activity

from polybot.core.ids import ConditionId
from polybot.core.market import MarketVersion
from polybot.core.money import Shares
from simulated_venue import GROUP, NEG_RISK, V1, V2, make_market

OTHER = ConditionId("0x" + "22" * 31 + "23")


def with_another_question(venue: Scene) -> None:
    market = make_market(OTHER, neg_risk=True, version=MarketVersion.V1)
    venue.simulator.world.exchange.list_market(market, event_slug="weather", group=GROUP)


async def test_a_conversion_is_a_row_and_moves_positions() -> None:
    async with scene() as venue:
        with_another_question(venue)
        exchange = venue.simulator.world.exchange
        exchange.split(venue.wallet, NEG_RISK, Shares.parse("10"))
        await venue.advance(3)
        tx = exchange.convert(venue.wallet, GROUP, index_set=0b01, shares=Shares.parse("4"))
        await venue.advance(20)
        newest, _ = await venue.mine()
        assert (newest["type"], newest["transaction_hash"], newest["size"]) == ("CONVERSION", tx, 4)
        assert (newest["token_id"], newest["side"], newest["price"], newest["outcome_index"]) == ("", "", 0, 999)
        assert newest["condition_id"] == NEG_RISK
        assert type(parse_activity(newest)).__name__ == "ConversionActivity"
        assert await venue.mine(type="CONVERSION") == [newest]
        held = {row["token_id"]: row["current_size"] for row in await venue.mine("/v2/positions")}
        assert held == {
            venue.token(NEG_RISK): 10,
            venue.token(NEG_RISK, outcome=1): 6,
            venue.token(OTHER): 4,
        }


@pytest.mark.parametrize("condition", [V1, NEG_RISK, V2])
async def test_a_redemption_is_worth_its_payout(condition: ConditionId) -> None:
    async with scene() as venue:
        exchange = venue.simulator.world.exchange
        exchange.split(venue.wallet, condition, Shares.parse("10"))
        await venue.advance(3)
        exchange.resolve(condition, winner=venue.token(condition))
        await venue.advance(30)
        rows = await venue.mine(type="REDEEM")
        assert sum(row["usdc_size"] for row in rows) == 10
        assert {(row["condition_id"], row["token_id"], row["price"], row["outcome"]) for row in rows} == {
            (condition, "", 0, "")
        }
        assert {type(parse_activity(row)).__name__ for row in rows} == {"RedeemActivity"}
