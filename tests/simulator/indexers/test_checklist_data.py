"""Every quirk that is known of the Data API and Gamma, produced over the wire."""

import base64
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from indexers_scene import Scene, scene
from polymarket.models.data.activity import ComboTradeActivity, parse_activity

from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import MarketVersion, Side
from polybot.core.money import Shares, Usdc
from polybot.simulator.engine.moves import Move
from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.options import CacheAges
from simulated_venue import NEG_RISK, V1, V2, make_market

ANYBODY = "0x" + "ab" * 20


# --- the CDN ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "max_age_s"), [("/v2/activity", 15), ("/v2/trades", 300), ("/v2/positions", 5), ("/v2/oi", 300)]
)
async def test_an_answer_is_repeated_per_whole_url(path: str, max_age_s: int) -> None:
    async with scene(cache=CacheAges()) as venue:
        query = {} if path == "/v2/oi" else {"user": ANYBODY}
        first, body = await venue.data(path, **query)
        assert (first.headers["x-cache"], first.headers["Cache-Control"]) == (
            "Miss from cloudfront",
            f"public, max-age={max_age_s}",
        )
        await venue.advance(max_age_s - 1)
        url = venue.urls.data + path
        hit, same = await venue.ask(url, query, headers={"Cache-Control": "no-cache"})
        assert (hit.headers["x-cache"], hit.headers["Age"]) == ("Hit from cloudfront", str(max_age_s - 1))
        assert (hit.headers["x-trace-id"], same) == (first.headers["x-trace-id"], body)
        fresh, _ = await venue.data(path, **query, _="anything")
        assert fresh.headers["x-cache"] == "Miss from cloudfront"
        await venue.advance(1)
        assert (await venue.data(path, **query))[0].headers["x-trace-id"] != first.headers["x-trace-id"]


@pytest.mark.parametrize("path", ["/v2/status", "/v2/user-pnl", "/v2/leaderboard"])
async def test_some_routes_are_never_cached(path: str) -> None:
    async with scene(cache=CacheAges()) as venue:
        answers = [(await venue.data(path, user=ANYBODY))[0].headers for _ in range(2)]
        assert [answer["x-cache"] for answer in answers] == ["Miss from cloudfront"] * 2
        assert "Cache-Control" not in answers[0]


# --- rows -------------------------------------------------------------------------------------------


async def test_rows_come_in_batches() -> None:
    async with scene() as venue:
        await venue.advance(4 - venue.clock.now_ns() / 1e9 % 4)
        venue.print_fill("1", tx="0x" + "01" * 32)
        await venue.advance(3.9)
        assert await venue.mine() == []
        venue.print_fill("2", tx="0x" + "02" * 32)
        await venue.advance(0.1)
        assert [row["size"] for row in await venue.mine()] == [1]
        await venue.advance(3.9)
        assert [row["size"] for row in await venue.mine()] == [1]
        await venue.advance(0.1)
        assert [row["size"] for row in await venue.mine()] == [2, 1]


async def test_reads_by_market_are_later_than_those_by_wallet() -> None:
    async with scene() as venue:
        await venue.advance(4 - venue.clock.now_ns() / 1e9 % 4)
        venue.print_fill("1", tx="0x" + "01" * 32)
        await venue.advance(4)
        assert len(await venue.mine("/v2/trades")) == 1
        assert await venue.rows("/v2/trades", condition=V1) == []
        await venue.advance(4)
        assert len(await venue.rows("/v2/trades", condition=V1)) == 1


async def test_young_rows_are_not_enriched() -> None:
    blank = IndexerOptions(unenriched_share=1.0, iconless_share=1.0, untitled_share=1.0, combo_share=0.0)
    async with scene(blank) as venue:
        venue.trade(Side.BUY, "10")
        await venue.advance(8)
        (young,) = await venue.mine()
        assert young["outcome_index"] == 999
        assert {young[name] for name in ("event_slug", "icon", "title", "slug")} == {""}
        assert (young["token_id"], young["outcome"]) == (venue.token(), "Yes")
        await venue.advance(60)
        (grown,) = await venue.mine()
        assert (grown["outcome_index"], grown["event_slug"]) == (0, "weather")
        assert grown["title"]
        assert grown["icon"]


async def test_a_share_of_the_young_rows_lacks_more_than_others() -> None:
    async with scene(IndexerOptions(combo_share=0.0)) as venue:
        for n in range(60):
            venue.print_fill("1", tx=f"0x{n:064x}")
        await venue.advance(8)
        rows = await venue.mine("/v2/trades")
        bare = [row for row in rows if row["outcome_index"] == 999]
        assert all(row["event_slug"] == "" for row in bare)
        assert 40 < len(bare) < 60
        assert 15 < sum(row["icon"] == "" for row in bare) < 45
        assert 0 < sum(row["title"] == "" for row in bare) < 10


async def test_a_late_row_appears_below_the_head_where_its_block_puts_it() -> None:
    async with scene(IndexerOptions(late_share=0.5, enrichment_s=0.0, combo_share=0.0)) as venue:
        for n in range(12):
            venue.print_fill(str(n + 1), tx=f"0x{n:064x}")
            await venue.advance(1.5)
        await venue.advance(4)
        early = [row["size"] for row in await venue.mine()]
        await venue.advance(30)
        whole = [row["size"] for row in await venue.mine()]
        assert whole == list(range(12, 0, -1))
        late = set(whole) - set(early)
        assert late
        assert early == [size for size in whole if size not in late]
        assert min(late) < max(early)


async def test_equal_fills_of_one_transaction_are_separate_rows_side_by_side() -> None:
    async with scene() as venue:
        venue.print_fill("10", tx="0x" + "01" * 32, times=3)
        venue.print_fill("4", tx="0x" + "02" * 32)
        await venue.advance(8)
        rows = await venue.mine("/v2/trades", taker_only="false")
        assert [row["transaction_hash"][-1] for row in rows] == ["2", "1", "1", "1"]
        assert rows[1] == rows[2] == rows[3]
        assert len(await venue.mine("/v2/trades")) == 2
        assert len(await venue.mine("/v2/activity")) == 4


async def test_wallets_are_lower_case_and_parameters_in_either_spelling() -> None:
    async with scene() as venue:
        venue.trade(Side.BUY, "10")
        await venue.advance(8)
        upper = "0x" + venue.wallet[2:].upper()
        (row,) = await venue.rows("/v2/trades", user=upper, takerOnly="true", conditionId=V1)
        assert row["proxy_wallet"] == venue.wallet


async def test_combos_are_among_the_trades() -> None:
    async with scene(IndexerOptions(combo_share=1.0)) as venue:
        venue.trade(Side.BUY, "10")
        await venue.advance(16)
        combo = next(row for row in await venue.rows("/v2/trades") if len(row["condition_id"]) == 64)
        assert (combo["slug"], combo["outcome"], combo["outcome_index"]) == ("", "", 999)
        assert " AND " in combo["title"]
        (activity,) = await venue.rows("/v2/activity", user=combo["proxy_wallet"])
        assert activity["is_combo"] is True
        assert isinstance(parse_activity(activity), ComboTradeActivity)
        answer, body = await venue.data("/v2/holders", condition=combo["condition_id"])
        assert (answer.status, body["parameter"]) == (400, "condition")
        assert "invalid condition id" in body["error"]


@pytest.mark.parametrize(("net", "sold"), [(False, 20.0), (True, 19.6)])
async def test_a_takers_purchase_shows_its_fee_and_a_sale_perhaps(net: bool, sold: float) -> None:
    async with scene(IndexerOptions(net_sales=net, enrichment_s=0.0, combo_share=0.0)) as venue:
        venue.trade(Side.BUY, "100")
        venue.trade(Side.SELL, "40")
        await venue.advance(8)
        sale, purchase = await venue.mine()
        assert purchase["usdc_size"] == pytest.approx(52 + 0.04 * 0.52 * 0.48 * 100)
        assert sale["usdc_size"] == sold
        assert (purchase["price"], sale["price"]) == (0.52, 0.5)


async def test_all_kinds_of_activity() -> None:
    async with scene() as venue:
        exchange, wallet = venue.simulator.world.exchange, venue.wallet
        venue.simulator.world.step(venue.clock.now_ns())
        exchange.deposit(wallet, Usdc.parse("50"))
        exchange.withdraw(wallet, Usdc.parse("5"))
        exchange.split(wallet, V1, Shares.parse("30"))
        exchange.merge(wallet, V1, Shares.parse("10"))
        gifts = (
            Move.REWARD, Move.MAKER_REBATE, Move.TAKER_REBATE, Move.REFERRAL_REWARD, Move.YIELD, Move.MIGRATION,
            Move.TIP,
        )  # fmt: skip
        for kind in gifts:
            exchange.reward(wallet, kind, Usdc.parse("1.5"))
        await venue.advance(12)
        shown = {row["type"]: row for row in await venue.mine(exclude_deposits_withdrawals="false")}
        assert set(shown) == {"DEPOSIT", "WITHDRAWAL", "SPLIT", "MERGE", *(kind.value for kind in gifts[:-1])}
        assert "DEPOSIT" not in {row["type"] for row in await venue.mine()}
        (tip,) = await venue.mine(type="TIP")
        assert (tip["side"], tip["condition_id"], tip["token_id"]) == ("IN", "", "")
        assert (shown["SPLIT"]["size"], shown["SPLIT"]["usdc_size"], shown["SPLIT"]["condition_id"]) == (30, 30, V1)
        assert (shown["SPLIT"]["token_id"], shown["SPLIT"]["side"], shown["SPLIT"]["outcome_index"]) == ("", "", 999)
        assert (shown["REWARD"]["usdc_size"], shown["REWARD"]["condition_id"], shown["REWARD"]["price"]) == (1.5, "", 0)
        assert shown["WITHDRAWAL"]["usdc_size"] == 5
        assert all(type(parse_activity(row)).__name__ != "UnknownActivity" for row in shown.values())


async def test_what_is_no_trade_comes_later() -> None:
    async with scene(IndexerOptions(moves_lag_s=30.0, enrichment_s=0.0, combo_share=0.0)) as venue:
        venue.simulator.world.step(venue.clock.now_ns())
        venue.simulator.world.exchange.split(venue.wallet, V1, Shares.parse("30"))
        venue.trade(Side.BUY, "10")
        await venue.advance(8)
        assert [row["type"] for row in await venue.mine()] == ["TRADE"]
        await venue.advance(30)
        assert [row["type"] for row in await venue.mine()] == ["TRADE", "SPLIT"]


async def test_what_a_reorganisation_takes_back_disappears_and_comes_again() -> None:
    async with scene(IndexerOptions(batch_s=0.001, enrichment_s=0.0, combo_share=0.0)) as venue:
        exchange = venue.simulator.world.exchange
        venue.trade(Side.BUY, "10")
        await venue.advance(4)
        (before,) = await venue.mine()
        (trade,) = exchange.trades_of(Wallet(venue.alice.eoa.lower()))
        exchange.revert_trade(trade.id, again=True)
        assert await venue.mine() == []
        assert await venue.mine("/v2/positions") == []
        await venue.advance(10)
        (after,) = await venue.mine()
        assert after["transaction_hash"] != before["transaction_hash"]
        assert [row["current_size"] for row in await venue.mine("/v2/positions")] == [10]


# --- cursors ----------------------------------------------------------------------------------------


def inside(cursor: str) -> Mapping[str, Any]:
    opened: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return opened


async def filled(venue: Scene, count: int) -> None:
    for n in range(count):
        venue.print_fill(str(n + 1), tx=f"0x{n:064x}")
        await venue.advance(1)
    await venue.advance(10)


async def test_a_feeds_cursor_carries_its_size_and_place_but_no_filters() -> None:
    async with scene() as venue:
        await filled(venue, 5)
        wallet = venue.wallet
        _, first = await venue.data("/v2/activity", user=wallet, limit="2")
        cursor = first["pagination"]["next_cursor"]
        last, params = first["data"][-1], inside(cursor)["data"]["params"]
        assert (params["l"], params["ts"], params["d"]) == (2, last["timestamp"], 2)
        assert int(params["sq"]) // 10**10 > 90_000_000
        _, second = await venue.data("/v2/activity", user=wallet, limit="100", cursor=cursor)
        assert [row["size"] for row in second["data"]] == [3, 2]
        _, other = await venue.data("/v2/activity", user=ANYBODY, cursor=cursor)
        assert other["data"] == []
        _, third = await venue.data("/v2/activity", user=wallet, cursor=second["pagination"]["next_cursor"])
        assert third["pagination"] == {"limit": 2, "offset": 0, "has_more": False, "next_cursor": None}


@pytest.mark.parametrize("path", ["/v2/activity", "/v2/trades", "/v2/positions", "/v2/leaderboard"])
async def test_a_cursor_that_was_tampered_with_is_refused(path: str) -> None:
    async with scene() as venue:
        await filled(venue, 3)
        _, page = await venue.data("/v2/activity", user=venue.wallet, limit="1")
        good = inside(page["pagination"]["next_cursor"])
        good["data"]["params"]["l"] = 1000
        forged = base64.urlsafe_b64encode(json.dumps(good).encode()).decode().rstrip("=")
        for cursor in (forged, "x", page["pagination"]["next_cursor"][:-1]):
            query = {"cursor": cursor} if path == "/v2/leaderboard" else {"cursor": cursor, "user": venue.wallet}
            answer, body = await venue.data(path, **query)
            assert (answer.status, body["error"], body["code"]) == (400, "invalid cursor", "invalid_request")


async def test_a_positions_cursor_is_bound_to_its_query() -> None:
    async with scene() as venue:
        for condition in (V1, NEG_RISK, V2):
            venue.trade(Side.BUY, "10", condition=condition)
        await venue.advance(8)
        asked = {"user": venue.wallet, "limit": "1", "sort_by": "TOKENS"}
        _, page = await venue.data("/v2/positions", **asked)
        cursor = page["pagination"]["next_cursor"]
        params = inside(cursor)["data"]["params"]
        assert list(params) == ["l", "d", "k", "t", "a", "av", "st", "s", "dir"]
        assert (params["a"], params["st"], params["s"], params["dir"]) == ("u", "OPEN", "TOKENS", "DESC")
        assert (await venue.data("/v2/positions", **asked, cursor=cursor))[0].status == 200
        for other in ({"sort_by": "PRICE"}, {"sort_direction": "ASC"}, {"status": "CLOSED"}, {"user": ANYBODY}):
            answer, body = await venue.data("/v2/positions", **{**asked, "cursor": cursor, **other})
            assert (answer.status, body["error"]) == (400, "invalid cursor")
        seen, following = [page["data"][0]["token_id"]], cursor
        while following:
            _, page = await venue.data("/v2/positions", **asked, cursor=following)
            seen += [row["token_id"] for row in page["data"]]
            following = page["pagination"]["next_cursor"]
        assert sorted(seen) == sorted(venue.token(condition) for condition in (V1, NEG_RISK, V2))


# --- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "parameter", "words"),
    [
        ("/v2/activity", {}, "user", "required query param 'user' not provided"),
        ("/v2/activity", {"user": ANYBODY, "type": "GIFT"}, "type", "must be one of CONVERSION"),
        ("/v2/activity", {"user": ANYBODY, "limit": "1001"}, "limit", "1001"),
        ("/v2/activity", {"user": ANYBODY, "sort_by": "CASH"}, "sort_by", "only sortBy=TIMESTAMP"),
        ("/v2/activity", {"user": "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"}, "user", "protocol contract"),
        ("/v2/trades", {"condition": "0x12"}, "condition", "0x12"),
        ("/v2/trades", {"side": "HOLD"}, "side", "side must be one of BUY, SELL"),
        ("/v2/trades", {"offset": "5"}, "", "pages are cursor-only"),
        ("/v2/positions", {}, "", "'user' or 'condition' not provided"),
        ("/v2/positions", {"user": ANYBODY, "sort_by": "NOPE"}, "sort_by", "invalid position sortBy: NOPE"),
        ("/v2/positions", {"condition": V1, "status": "MERGEABLE"}, "status", "requires 'user'"),
        ("/v2/positions", {"user": ANYBODY, "title": "x" * 201}, "title", "200"),
        (
            "/v2/positions",
            {"user": ANYBODY, "status": "CLOSED", "include_archived": "true"},
            "include_archived",
            "CLOSED",
        ),
        ("/v2/positions", {"user": ANYBODY, "filter_type": "GOLD"}, "filter_type", "CASH, TOKENS"),
        ("/v2/holders", {}, "condition", "'condition' not provided"),
        ("/v2/live-volume", {}, "event_id", "'event_id' not provided"),
        ("/v2/tokens", {}, "", "exactly one"),
        ("/v2/resolutions", {"event_id": "1", "condition": V1}, "", "exactly one"),
        ("/v2/prices-history", {"token_id": "1"}, "", "exactly one"),
        ("/v2/prices-history", {"token_id": "1", "interval": "1y"}, "interval", "max, all, 1m, 1w, 1d, 6h, 1h"),
        ("/v2/user-pnl", {"user": ANYBODY, "fidelity": "5m"}, "fidelity", "1d, 18h, 12h, 3h, 1h"),
        ("/v2/leaderboard", {"time_period": "year"}, "time_period", "day, week, month, all"),
    ],
)
async def test_a_bad_request_says_what_is_wrong(path: str, query: dict[str, str], parameter: str, words: str) -> None:
    async with scene() as venue:
        answer, body = await venue.data(path, **query)
        assert (answer.status, body["code"], body["retryable"]) == (400, "invalid_request", False)
        assert body["trace_id"] == answer.headers["x-trace-id"]
        assert body.get("parameter", "") == parameter
        assert words in body["error"]


async def test_unknown_routes_and_methods() -> None:
    async with scene() as venue:
        answer, body = await venue.data("/v2/nothing")
        assert (answer.status, body["error"], body["code"]) == (404, "Not Found", "not_found")
        assert answer.headers["x-trace-id"] == body["trace_id"]
        async with venue.session.post(venue.urls.data + "/v2/trades") as refused:
            assert (refused.status, (await refused.json())["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("status", [404, 410])
async def test_version_1_is_gone(status: int) -> None:
    async with scene(IndexerOptions(v1_status=status)) as venue:
        for path in ("/activity", "/trades", "/positions"):
            assert (await venue.data(path, user=ANYBODY))[0].status == status


async def test_the_firewall_answers_sales_in_many_markets_with_a_page() -> None:
    async with scene() as venue:
        conditions = ",".join(f"0x{n:064x}" for n in range(10))
        answer, page = await venue.data("/v2/trades", side="SELL", condition=conditions)
        assert (answer.status, answer.content_type, answer.headers["server"]) == (403, "text/html", "cloudflare")
        assert "blocked" in page


async def test_what_nobody_has_is_empty_and_no_error() -> None:
    async with scene() as venue:
        assert await venue.rows("/v2/trades", user=f"{ANYBODY},{ANYBODY}") == []
        for path in ("/v2/activity", "/v2/trades", "/v2/positions", "/v2/positions/combos", "/v2/activity/combos"):
            assert await venue.rows(path, user=ANYBODY) == []
        assert await venue.rows("/v2/trades", condition="0x" + "ee" * 32) == []
        assert await venue.rows("/v2/user-stats", user=ANYBODY) is None
        assert await venue.rows("/v2/leaderboard", user=ANYBODY) is None
        known = await venue.rows("/v2/user-stats", user=f"0x{1:040x}")
        assert (known["trades"], known["all_time_pnl"]) == (0, None)
        assert await venue.rows("/v2/value", user=ANYBODY) == {"proxy_wallet": ANYBODY, "value": 0}


# --- the service's own health -----------------------------------------------------------------------


async def test_status_follows_a_lag_that_is_turned_up() -> None:
    async with scene() as venue:
        await venue.advance(4 - venue.clock.now_ns() / 1e9 % 4)
        before = await venue.rows("/v2/status")
        assert before["serving"]["lag_seconds"] in range(6)
        status, shown = await venue.control("/data", {"lag_s": 90, "batch_s": 4})
        assert (status, shown["lag_s"]) == (200, 90)
        venue.print_fill("1", tx="0x" + "01" * 32)
        await venue.advance(80)
        assert await venue.mine() == []
        behind = await venue.rows("/v2/status")
        assert behind["serving"]["lag_seconds"] >= 90
        blocks = behind["ingestion"]["max_synced_block"] - before["ingestion"]["max_synced_block"]
        assert blocks == pytest.approx((80 - 90) / 1.5, abs=1)
        await venue.advance(20)
        assert len(await venue.mine()) == 1


@pytest.mark.parametrize(
    ("body", "words"), [({"lags": 1}, "'lags'"), ({"lag_s": "much"}, "lag_s"), ({"batch_s": -1}, "batch_s")]
)
async def test_a_dial_that_does_not_exist_is_refused(body: dict[str, object], words: str) -> None:
    async with scene() as venue:
        status, answer = await venue.control("/data", body)
        assert status == 400
        assert words in answer["error"]


# --- Gamma ------------------------------------------------------------------------------------------


async def test_some_v1_markets_show_position_ids_without_a_book() -> None:
    async with scene(IndexerOptions(v1_positions_share=1.0)) as venue:
        (market,) = await venue.gamma("/markets", condition_ids=V1)
        assert market["version"] == "v1"
        for position in market["positionIds"]:
            assert position not in json.loads(market["clobTokenIds"])
            assert (await venue.ask(venue.urls.clob + "/book", {"token_id": position}))[0].status == 404
        assert await venue.gamma("/markets", position_ids=market["positionIds"][0]) == []
    async with scene(IndexerOptions(v1_positions_share=0.0)) as venue:
        (market,) = await venue.gamma("/markets", condition_ids=V1)
        assert "positionIds" not in market


async def test_closed_markets_come_only_when_asked_for() -> None:
    async with scene() as venue:
        venue.simulator.world.exchange.resolve(V1, winner=venue.token())
        slug = (await venue.gamma("/markets", condition_ids=V1, closed="true"))[0]["slug"]
        assert await venue.gamma("/markets", slug=slug) == []
        assert (await venue.gamma("/markets/keyset", slug=slug)) == {"markets": []}
        (closed,) = await venue.gamma("/markets", slug=slug, closed="true")
        assert (closed["umaResolutionStatus"], json.loads(closed["outcomePrices"])) == ("resolved", ["1", "0"])
        assert (await venue.gamma("/events", slug="weather"))[0]["markets"]


async def test_a_draw_pays_a_half_each() -> None:
    async with scene() as venue:
        venue.simulator.world.exchange.resolve(V2, winner=None)
        (market,) = await venue.gamma("/markets", condition_ids=V2, closed="true")
        assert json.loads(market["outcomePrices"]) == ["0.5", "0.5"]
        assert market["resolutionStatus"] == "resolved"


async def test_a_close_may_be_shown_late_and_orders_accepted_after_it() -> None:
    async with scene(IndexerOptions(close_lag_s=900.0, accepting_when_closed=True)) as venue:
        venue.simulator.world.exchange.resolve(V1, winner=venue.token())
        (market,) = await venue.gamma("/markets", condition_ids=V1)
        assert (market["closed"], market["acceptingOrders"]) == (False, True)
        await venue.advance(900)
        assert await venue.gamma("/markets", condition_ids=V1) == []
        (market,) = await venue.gamma("/markets", condition_ids=V1, closed="true")
        assert (market["closed"], market["acceptingOrders"]) == (True, True)


async def test_quotes_are_minutes_old() -> None:
    async with scene(IndexerOptions(quotes_age_s=120.0)) as venue:
        await venue.advance(120 - venue.clock.now_ns() / 1e9 % 120)
        (before,) = await venue.gamma("/markets", condition_ids=V1)
        venue.trade(Side.BUY, "1200")
        (after,) = await venue.gamma("/markets", condition_ids=V1)
        assert (after["bestAsk"], after["lastTradePrice"]) == (before["bestAsk"], before["lastTradePrice"])
        await venue.advance(120)
        (later,) = await venue.gamma("/markets", condition_ids=V1)
        assert (later["bestAsk"], later["volumeNum"]) == (0.53, pytest.approx(1000 * 0.52 + 200 * 0.53))


async def test_an_offset_beyond_the_cap_is_refused() -> None:
    async with scene() as venue:
        for path in ("/markets", "/events"):
            answer, body = await venue.ask(venue.urls.gamma + path, {"offset": "2001"})
            assert (answer.status, body["type"]) == (422, "validation error")
            assert body["error"].startswith(f"offset too large, use {path}/keyset")
            answer, _ = await venue.ask(venue.urls.gamma + path + "/keyset", {"offset": "0"})
            assert answer.status == 422


async def test_default_user_agents_may_be_turned_away() -> None:
    async with scene(IndexerOptions(refuse_default_agents=True)) as venue:
        url = venue.urls.gamma + "/markets"
        refused, _ = await venue.ask(url, {})
        assert (refused.status, refused.content_type) == (403, "text/html")
        named, _ = await venue.ask(url, {}, headers={"User-Agent": "polybot/1"})
        assert named.status == 200


async def test_search_may_hold_nulls() -> None:
    async with scene(IndexerOptions(null_profiles=True)) as venue:
        assert (await venue.gamma("/public-search", q="ali"))["profiles"] is None
        found = await venue.gamma("/public-search", q="ali", search_profiles="true")
        assert [person and person["name"] for person in found["profiles"]] == ["alice", None]


def values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Decimal]:
    return [Decimal(str(row[name])) for row in rows]


async def test_volume_is_sorted_as_text_and_its_number_as_a_number() -> None:
    async with scene() as venue:
        for shares, condition in (("2", V1), ("30", NEG_RISK), ("6", V2)):
            venue.simulator.world.step(venue.clock.now_ns())
            token = venue.token(condition)
            venue.simulator.desk.trade(trader="alice", token=token, side=Side.BUY, amount=Usdc.parse(shares))
        await venue.advance(120)
        texts = [row["volume"] for row in await venue.gamma("/markets", order="volume")]
        assert texts == sorted(texts)
        assert values(await venue.gamma("/markets", order="volume"), "volume") != sorted(map(Decimal, texts))
        numbers = values(await venue.gamma("/markets", order="volumeNum", ascending="false"), "volumeNum")
        assert numbers == sorted(numbers, reverse=True)


async def test_the_clob_may_not_know_a_new_market_yet() -> None:
    async with scene(IndexerOptions(clob_listing_lag_s=60.0)) as venue:
        newcomer = make_market(ConditionId(f"0x{7:064x}"), neg_risk=False, version=MarketVersion.V1)
        venue.simulator.world.exchange.list_market(newcomer)
        (listed,) = await venue.gamma("/markets", condition_ids=newcomer.condition)
        assert (listed["active"], listed["acceptingOrders"]) == (True, True)
        paths = (f"/clob-markets/{newcomer.condition}", f"/tick-size/{newcomer.outcomes[0].token}")
        assert [(await venue.ask(venue.urls.clob + path, {}))[0].status for path in paths] == [404, 404]
        await venue.advance(60)
        assert [(await venue.ask(venue.urls.clob + path, {}))[0].status for path in paths] == [200, 200]
