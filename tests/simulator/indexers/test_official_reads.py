"""The official client reads everything a copy bot needs, in small pages and to the end."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from indexers_scene import Scene, scene
from polymarket.environments import PRODUCTION, _create_environment

from polybot.core.ids import ConditionId
from polybot.core.market import MarketVersion, Side
from polybot.core.money import Shares, Usdc
from polybot.simulator.engine.moves import Move
from polybot.simulator.indexing.options import IndexerOptions
from polymarket import AsyncPublicClient
from simulated_venue import NEG_RISK, V1, V2, make_market

LIVELY = IndexerOptions(unenriched_share=1.0, untitled_share=0.5, combo_share=0.3, v1_positions_share=0.5)


@asynccontextmanager
async def reader(venue: Scene) -> AsyncIterator[AsyncPublicClient]:
    config = replace(PRODUCTION._config, gamma_url=venue.urls.gamma, data_url=venue.urls.data, clob_url=venue.urls.clob)
    client = AsyncPublicClient(_create_environment(name="simulator", config=config))
    try:
        yield client
    finally:
        await client.close()


def conditions(markets: Iterable[Any]) -> list[str]:
    return [str(market.condition_id) for market in markets]


async def whole(paginator: Any) -> list[Any]:
    return [item async for item in paginator.iter_items()]


async def busy(venue: Scene) -> None:
    """A day's work of one wallet: trades in three markets, a split, a merge, a redemption."""
    exchange, wallet = venue.simulator.world.exchange, venue.wallet
    for shares in ("10", "20", "30"):
        for condition in (V1, NEG_RISK, V2):
            venue.trade(Side.BUY, shares, condition=condition)
        await venue.advance(3)
    venue.trade(Side.SELL, "15", condition=V1)
    exchange.split(wallet, V2, Shares.parse("50"))
    exchange.merge(wallet, V2, Shares.parse("20"))
    await venue.advance(10)
    exchange.resolve(V1, winner=venue.token(V1))
    await venue.advance(40)


async def test_feeds_to_the_end() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await busy(venue)
        wallet = str(venue.wallet)
        activity = await whole(client.list_activity(user=wallet, page_size=3))
        assert len(activity) == 9 + 1 + 2 + 1
        assert {row.type for row in activity} == {"TRADE", "SPLIT", "MERGE", "REDEEM"}
        rising = await whole(client.list_activity(user=wallet, sort_direction="ASC", page_size=4))
        assert rising == activity[::-1]
        trades = await whole(client.list_trades(user=wallet, taker_only=False, page_size=2))
        assert [row.size for row in trades] == [row.shares for row in activity if row.type == "TRADE"]
        everybody = await whole(client.list_trades(page_size=3))
        assert len(everybody) >= 10
        market = await whole(client.list_trades(condition_id=V2, taker_only=False, page_size=2))
        assert {row.condition_id for row in market} == {V2}
        sold = await whole(client.list_trades(user=wallet, side="SELL", page_size=2))
        assert [row.size for row in sold] == [15]
        since = await whole(client.list_activity(user=wallet, start=activity[1].timestamp, page_size=2))
        assert since == [row for row in activity if row.timestamp >= activity[1].timestamp]


async def test_positions_to_the_end_in_every_order() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await busy(venue)
        wallet = str(venue.wallet)
        held = await whole(client.list_positions(user=wallet, page_size=1))
        assert {position.asset_id for position in held} == {
            venue.token(NEG_RISK), venue.token(V2), venue.token(V2, outcome=1)
        }  # fmt: skip
        for sort in ("CURRENT_VALUE", "PRICE", "TOKENS", "UNREALIZED_PNL", "REALIZED_PNL", "TOTAL_PNL", "TIMESTAMP"):
            for direction in ("ASC", "DESC"):
                pages = client.list_positions(user=wallet, sort_by=sort, sort_direction=direction, page_size=1)
                assert {position.asset_id for position in await whole(pages)} == {one.asset_id for one in held}
        paired = await whole(client.list_positions(user=wallet, status="MERGEABLE", page_size=1))
        assert {position.condition_id for position in paired} == {V2}
        (closed,) = await whole(client.list_positions(user=wallet, status="CLOSED", page_size=1))
        assert (closed.condition_id, closed.current_size, closed.total_size) == (V1, 0, 60)
        spent, fee_of_sale = Decimal(60) * Decimal("0.52"), Decimal("0.04") * Decimal("0.25") * 15
        assert closed.realized_pnl == 15 * Decimal("0.5") - fee_of_sale + 45 - spent
        assert closed.first_entry_at is not None
        by_market = await whole(client.list_positions(condition_id=NEG_RISK, page_size=1))
        assert [position.wallet.lower() for position in by_market] == [wallet]
        total = sum((position.current_value for position in held), Decimal(0))
        assert abs((await client.get_portfolio_value(user=wallet)).value - total) < Decimal("0.001")


async def test_wallets() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await busy(venue)
        await venue.advance(3600)
        wallet = str(venue.wallet)
        volume = await client.get_user_volume(user=wallet)
        assert (volume.volume, volume.trade_count) == (Decimal(195), 10)
        stats = await client.get_user_stats(user=wallet)
        assert stats is not None
        assert stats.all_time_pnl is not None
        assert stats.traded_market_count == 3
        now = stats.all_time_pnl
        assert now.volume == 195
        assert now.fees is not None
        assert now.fees < 0
        assert now.position_pnl == now.realized_pnl + (now.unrealized_pnl or 0)
        series = await client.get_user_pnl(user=wallet, interval="1d", fidelity="1h")
        assert [point.volume for point in series.points] == [195]
        board = await whole(client.list_trader_leaderboard(window="day", page_size=2))
        assert [entry.rank for entry in board] == list(range(1, len(board) + 1))
        assert [entry.pnl for entry in board] == sorted((entry.pnl for entry in board), reverse=True)
        standing = await client.get_trader_leaderboard_standing(user=wallet, window="day")
        assert standing is not None
        assert standing.volume == 195
        assert standing.volume_rank == 1
        wins = await whole(client.list_biggest_winners(window="day", page_size=1))
        assert [win.wallet.lower() for win in wins if win.kind == "market"] == [wallet]
        for empty in (client.list_combo_positions(user=wallet), client.list_combo_activity(user=wallet)):
            assert await whole(empty) == []
        assert await whole(client.list_builder_leaderboard()) == []
        assert await client.get_builder_volumes() == ()


async def test_approvals_follow_the_wallet() -> None:
    async with scene() as venue, reader(venue) as client:
        wallet = str(venue.wallet)
        state = await client.get_trading_approvals_state(wallet=wallet)
        lacking = {approval.spender.lower() for approval in state.missing.erc20}
        perps = "0xdca4af75705dbb50f62437045aff9921947917d2"
        assert lacking <= {perps}
        assert not state.missing.erc1155
        account = venue.simulator.world.exchange.accounts.find(venue.wallet)
        assert account is not None
        spender = next(iter(account.allowances))
        account.allowances[spender] = 0
        account.operators.clear()
        account.allowances[perps] = (1 << 256) - 1
        state = await client.get_trading_approvals_state(wallet=wallet)
        assert {approval.spender.lower() for approval in state.missing.erc20} == {spender}
        assert len(state.missing.erc1155) == 10
        account.allowances[spender] = (1 << 256) - 1
        assert not (await client.get_trading_approvals_state(wallet=wallet)).missing.erc20


async def test_markets_by_the_data_api() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await busy(venue)
        groups = await whole(client.list_market_holders(condition_ids=[V2], include_pnl=True, page_size=1))
        assert {group.asset_id for group in groups} == {venue.token(V2), venue.token(V2, outcome=1)}
        assert groups[0].holders[0].wallet.lower() == str(venue.wallet)
        first, second = await client.get_token_references(condition_ids=[V1])
        assert first.resolved
        assert (first.final_price, second.final_price) == (Decimal(1), Decimal(0))
        (other,) = await client.get_token_references(asset_ids=[venue.token(NEG_RISK)])
        assert (other.module, other.neg_risk, other.question_index) == ("v1_ctf", True, 0)
        assert other.event_id is not None
        event = int(other.event_id)
        assert (await client.get_open_interests(condition_ids=[NEG_RISK]))[0].value == 60
        assert (await client.get_open_interests())[0].condition_id is None
        live = await client.get_event_live_volume(event_ids=event)
        assert live.taker_volume_total == 195
        ticks = await whole(client.list_price_history(asset_id=venue.token(NEG_RISK), interval="1h", page_size=1))
        assert ticks
        assert {point.price for point in ticks} == {Decimal("0.52")}
        at = datetime.fromtimestamp(venue.clock.now_ns() // 1_000_000_000, UTC)
        (tick,) = await whole(client.list_price_history(asset_id=venue.token(NEG_RISK), as_of=at))
        assert (tick.price, tick.resolution_seconds) == (Decimal("0.52"), 0)
        states = {str(row.condition_id): row.status.value for row in await client.get_resolutions(event_ids=event)}
        assert states == {V1: "resolved", NEG_RISK: "posed", V2: "posed"}
        (resolved,) = await client.get_resolutions(condition_ids=[V1])
        assert resolved.payouts == (Decimal(1), Decimal(0))
        assert resolved.question_id is not None
        (same,) = await client.get_resolutions(question_id=resolved.question_id)
        assert same == resolved
        bought = await whole(client.list_trades(event_id=event, page_size=50))
        assert len(bought) == 10


async def many_markets(venue: Scene, count: int) -> None:
    exchange = venue.simulator.world.exchange
    for n in range(count):
        market = make_market(ConditionId(f"0x{n + 1000:064x}"), neg_risk=n % 2 == 0, version=MarketVersion.V1)
        exchange.list_market(replace(market, slug=f"many-{n}", question=f"Number {n}?"), event_slug=f"many-{n // 3}")


async def test_gamma_lists_to_the_end() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await many_markets(venue, 102)
        markets = await whole(client.list_markets(closed=False, page_size=20))
        assert len({market.id for market in markets}) == len(markets) == 105
        assert len((await client.list_markets(closed=False, page_size=500).first_page()).items) == 100
        events = await whole(client.list_events(page_size=8))
        assert len({event.id for event in events}) == len(events) == 1 + 34
        assert sum(len(event.markets) for event in events) == 105
        assert len(await whole(client.list_tags(page_size=1))) == 2
        series = await whole(client.list_series(page_size=1))
        assert {one.slug for one in series} == {"weather", "many"}
        for order in ("volume", "endDate"):
            found = await whole(client.list_markets(closed=False, order=order, ascending=False, page_size=50))
            assert len(found) == 105
        assert await whole(client.list_teams()) == []
        assert await client.get_sports() == ()
        assert await whole(client.list_comments(parent_entity_id=events[0].id, parent_entity_type="Event")) == []


async def test_gamma_finds_by_every_key() -> None:
    async with scene(LIVELY) as venue, reader(venue) as client:
        await busy(venue)
        v1 = await client.get_market(slug="will-it-rain-1111")
        assert v1.state.closed
        assert (str(v1.resolution.uma_resolution_status), v1.outcomes.yes.price) == ("resolved", Decimal(1))
        assert v1.state.closed_time is not None
        v2 = (await client.list_markets(condition_ids=[V2]).first_page()).items[0]
        assert str(v2.outcomes.yes.position_id) == venue.token(V2)
        assert (str(v2.version), str(v2.resolution.resolution_status)) == ("v2", "active")
        neg_risk = (await client.list_markets(condition_ids=[NEG_RISK]).first_page()).items[0]
        assert neg_risk.state.neg_risk
        assert neg_risk.resolution.neg_risk_request_id
        assert await client.get_market(id=v2.id) == v2
        searches: list[dict[str, Any]] = [
            {"ids": [int(neg_risk.id)]},
            {"slug": neg_risk.slug},
            {"clob_token_ids": [venue.token(NEG_RISK)]},
            {"question_ids": [neg_risk.resolution.question_id]},
            {"version": "v1"},
            {"volume_num_min": 30.0, "volume_num_max": 32.0, "version": "v1"},
            {"end_date_max": "1971-01-01T00:00:00Z", "version": ["v1"]},
        ]
        for search in searches:
            found = (await client.list_markets(closed=False, **search).first_page()).items
            assert conditions(found) == [NEG_RISK], search
        assert (await client.list_markets(position_ids=[venue.token(V2)]).first_page()).items == (v2,)
        assert (await client.list_markets(resolution_status="active").first_page()).items == (v2,)
        closed = (await client.list_markets(closed=True, uma_resolution_status="resolved").first_page()).items
        assert conditions(closed) == [V1]
        assert not (await client.list_markets(volume_num_min=1e9).first_page()).items
        event = await client.get_event(slug="weather")
        assert await client.get_event(id=event.id) == event
        assert set(conditions(event.markets)) == {V1, NEG_RISK, V2}
        tag = (await client.get_market_tags(v2.id))[0]
        assert (await client.get_tag(id=tag.id)).slug == (await client.get_tag(slug="weather")).slug == tag.slug
        assert (await client.list_markets(tag_id=int(tag.id)).first_page()).items
        assert not (await client.list_markets(tag_id=1).first_page()).items
        assert (await client.list_events(tag_slug="weather", title_search="rain").first_page()).items[0].id == event.id
        assert (await client.get_event_tags(event.id))[0].id == tag.id
        series = (await client.list_series().first_page()).items[0]
        assert (await client.get_series(series.id)).slug == "weather"


async def test_people() -> None:
    async with scene() as venue, reader(venue) as client:
        found = (await client.search(q="ALI", search_profiles=True, search_tags=True, page_size=1).first_page()).items
        assert found[0].profiles[0].name == "alice"
        assert not found[0].events
        events = await client.search(q="rain", page_size=1).first_page()
        assert events.items[0].events[0].slug == "weather"
        for address in (venue.alice.wallet, venue.alice.eoa):
            profile = await client.get_public_profile(address)
            assert profile is not None
            assert str(profile.wallet).lower() == venue.wallet
        assert await client.get_public_profile("0x" + "ab" * 20) is None
        answer = await venue.gamma(f"/profiles/user_address/{venue.wallet}")
        assert json.dumps(answer).count("alice") == 2


async def test_rewards_are_income() -> None:
    async with scene() as venue, reader(venue) as client:
        venue.trade(Side.BUY, "10")
        venue.simulator.world.exchange.reward(venue.wallet, Move.MAKER_REBATE, Usdc.parse("2.5"))
        await venue.advance(15)
        stats = await client.get_user_stats(user=str(venue.wallet))
        assert stats is not None
        assert stats.all_time_pnl is not None
        assert stats.all_time_pnl.maker_rebate == stats.all_time_pnl.wallet_income == Decimal("2.5")
