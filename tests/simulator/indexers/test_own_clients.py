"""Our own clients read what the simulator writes, and the recorded rows that it is held against."""

import json
from pathlib import Path

import msgspec
import pytest
from indexers_scene import scene

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.data_models import ActivityRow, FeedTrade, PositionRow, ServiceStatus, ValueRow
from polybot.polymarket.rest.gamma import GammaClient
from polybot.polymarket.rest.http import HttpClient
from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.rest.data_errors import DATA_ERRORS
from polybot.utils.clock import SystemClock
from simulated_venue import MARKETS

ODD = IndexerOptions(unenriched_share=1.0, untitled_share=1.0, combo_share=1.0, v1_positions_share=1.0)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("activity_user_limit2.json", ActivityRow),
        ("activity_data_rows_official_sdk.json", ActivityRow),
        ("trades_bare_limit2.json", FeedTrade),
        ("trades_data_rows_official_sdk.json", FeedTrade),
        ("positions_open_limit2.json", PositionRow),
        ("positions_closed_limit2.json", PositionRow),
        ("positions_data_rows_official_sdk.json", PositionRow),
        ("status.json", ServiceStatus),
        ("value.json", ValueRow),
    ],
)
def test_recorded_rows_are_read(shared: Path, path: str, shape: type) -> None:
    body = json.loads((shared / "samples/data-api.polymarket.com/v2" / path).read_text())
    rows = body["data"] if isinstance(body, dict) else body
    assert all(msgspec.convert(row, shape, strict=False) for row in (rows if isinstance(rows, list) else [rows]))


def test_every_error_has_the_services_body_or_the_networks() -> None:
    for name, error in DATA_ERRORS.items():
        answer = error.answer("ab" * 16)
        assert answer.status == error.status
        if not error.code:
            assert answer.headers["server"] == "cloudflare", name
            continue
        body = msgspec.json.decode(bytes(answer.body))  # type: ignore[arg-type]
        assert list(body) == ["error", "code", "retryable", "trace_id"]
        assert answer.headers["x-trace-id"] == body["trace_id"]
        assert ("Retry-After" in answer.headers) is (error.status in {429, 503})
    assert {error.status for error in DATA_ERRORS.values()} == {400, 401, 403, 404, 405, 410, 429, 500, 503}


async def test_our_clients_cope_with_everything_odd() -> None:
    async with scene(ODD) as venue:
        for market in MARKETS:
            venue.trade(Side.BUY, "10", condition=market.condition)
        venue.simulator.world.exchange.split(venue.wallet, MARKETS[0].condition, Shares.parse("30"))
        venue.simulator.world.exchange.deposit(venue.wallet, Usdc.parse("5"))
        await venue.advance(12)
        clock = SystemClock()
        async with (
            HttpClient(venue.urls.data, gate=polymarket_gate(clock), clock=clock) as data_http,
            HttpClient(venue.urls.gamma, gate=polymarket_gate(clock), clock=clock) as gamma_http,
        ):
            data, gamma = DataClient(data_http, clock=clock), GammaClient(gamma_http)
            page = await data.activity(venue.wallet, types=(), limit=2)
            following = await data.activity(venue.wallet, types=(), limit=2, cursor=page.next_cursor)
            assert page.refused == following.refused == 0
            assert [row.type for row in (*page.rows, *following.rows)] == ["TRADE", "TRADE", "TRADE", "SPLIT"]
            everybody = await data.trades(limit=1000)
            assert everybody.refused == 0
            combos = [row for row in everybody.rows if len(row.condition_id) == 64]
            assert len(combos) == 3
            assert {row.title for row in everybody.rows if row not in combos} == {""}
            positions = await data.positions(venue.wallet)
            assert {position.mergeable for position in positions} == {True, False}
            assert await data.value(venue.wallet)
            assert (await data.status()).ingestion.max_synced_block > 90_000_000
            for market in MARKETS:
                found = await gamma.market_by_token(TokenId(market.outcomes[1].token))
                assert found is not None
                assert (found.condition, found.version, found.outcomes) == (
                    market.condition,
                    market.version,
                    market.outcomes,
                )
            venue.simulator.world.exchange.resolve(MARKETS[0].condition, winner=MARKETS[0].outcomes[1].token)
            closed = await gamma.market_by_condition(MARKETS[0].condition)
            assert closed is not None
            assert closed.winner == MARKETS[0].outcomes[1].token
            assert await gamma.search_profiles("alice")
            event = await gamma.event_by_slug("weather")
            assert event is not None
            assert len(event.markets) == 3
