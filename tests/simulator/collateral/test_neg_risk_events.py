"""Neg-risk markets of one event belong together, with the ids that the contracts would give them."""

import json
from pathlib import Path

import pytest

from polybot.core.ids import ConditionId
from polybot.core.market import Market, MarketVersion
from polybot.polymarket.token_ids import decode_position, neg_risk_condition
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.moves import NO_GROUP, GroupId
from polybot.simulator.worlds.generator import Scenario
from polybot.simulator.worlds.world import generated_world, tape_world

QUIET = Scenario(traders=0, churn=0.0, duration_s=600, resolving=1.0)


def groups(exchange: Exchange) -> dict[GroupId, list[Market]]:
    named = dict.fromkeys(exchange.group(market.condition) for market in exchange.markets())
    return {group: list(exchange.markets_of(group)) for group in named if group != NO_GROUP}


@pytest.mark.parametrize("seed", range(5))
def test_a_made_up_world_has_events_of_three_of_which_one_comes_true_at_most(seed: int) -> None:
    world = generated_world(seed=seed, start_ns=1_795_000_000_000_000_000, scenario=QUIET)
    exchange = world.exchange
    events = {group: markets for group, markets in groups(exchange).items() if len(markets) == 3}
    assert {market.version for markets in events.values() for market in markets} == set(MarketVersion)
    for group, markets in events.items():
        assert len({exchange.event_slug(market.condition) for market in markets}) == 1
        for index, market in enumerate(markets):
            if market.version is MarketVersion.V1:
                assert market.condition == neg_risk_condition(group, index=index)
            else:
                position = decode_position(market.outcomes[0].token)
                assert position is not None
                assert (position.condition[:-4], int(position.condition[-4:], 16)) == (group[:-6], index)
    world.step(world.ends_at_ns)
    for group in events:
        true = [market for market in exchange.markets_of(group) if market.winner == market.outcomes[0].token]
        assert len(true) == 1
    assert exchange.imbalance() == ""


def test_conditions_are_derived_as_for_a_recorded_event(shared: Path) -> None:
    event = json.loads((shared / "samples" / "gamma-api.polymarket.com" / "event_by_slug_negrisk.json").read_bytes())
    markets = (event[0] if isinstance(event, list) else event)["markets"]
    for market in markets:
        index = int(market["questionID"][-2:], 16)
        assert neg_risk_condition(market["negRiskMarketID"], index=index) == market["conditionId"]
    assert len(markets) > 2


def test_recorded_neg_risk_markets_keep_their_group(shared: Path) -> None:
    world = tape_world([str(shared / "tapes" / "fed-event-books.jsonl.gz")], seed=0)
    world.step(world.ends_at_ns)
    for market in world.exchange.markets():
        recorded = world.exchange.recorded(market.condition)
        assert world.exchange.group(market.condition) == GroupId(recorded.get("negRiskMarketID") or "")
    [(group, markets)] = groups(world.exchange).items()
    conditions = [ConditionId(market.condition) for market in markets]
    assert conditions == sorted(conditions, key=[neg_risk_condition(group, index=n) for n in range(256)].index)
