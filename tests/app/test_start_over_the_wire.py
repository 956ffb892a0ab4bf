"""`polybot start` against `polybot simulate`: two processes, real sockets, only configuration between them."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from wire_scene import QUERIES, Bot, Market, Typed, end, free_ports, polybot, prepared, simulated_market, until

MODES = ("paper", "live")


@dataclass(slots=True)
class Story:
    """What was seen of two bots, paper and live, that followed one trader in and half out again."""

    market: Market
    account: dict[str, Any]
    bots: dict[str, Bot]
    running: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: dict[str, dict[str, Any]] = field(default_factory=dict)
    goodbyes: dict[str, Typed] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with simulated_market(tmp_path_factory.mktemp("market")) as market:
        yield market


@pytest.fixture(scope="module")
def story(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Story:
    leader = market.account(balance=10_000, name="leader")
    account = market.account(balance=500, name="me")
    folder = tmp_path_factory.mktemp("bots")
    bots = {mode: prepared(folder / mode, market, leader=leader["wallet"], account=account) for mode in MODES}
    story = Story(market, account, bots)
    with bots["paper"].started("paper") as paper, bots["live"].started("live") as live:
        _follow(story)
        for mode, process in (("paper", paper), ("live", live)):
            story.goodbyes[mode] = polybot("stop", "--config", bots[mode].folder)
            story.codes[mode] = process.wait(timeout=10)
            story.stopped[mode] = answers(bots[mode])
    return story


def _follow(story: Story) -> None:
    """The trader buys, then sells half; each bot is seen to do both."""
    for bot in story.bots.values():
        bot.trading()
    bought = story.market.trade("leader", "BUY", amount=40)
    for bot in story.bots.values():
        bot.knows("the copied entry", lambda status: status["fills"] == 1)
    story.market.trade("leader", "SELL", size=int(Decimal(bought["takingAmount"]) / 2))
    for mode, bot in story.bots.items():
        bot.knows("the followed exit", lambda status: status["fills"] >= 2)
        story.running[mode] = answers(bot)


def answers(bot: Bot) -> dict[str, Any]:
    """Every query's JSON document; `why` about the newest decision."""
    documents = {query: bot.ask(query) for query in QUERIES}
    documents["why"] = bot.ask("why", documents["decisions"]["decisions"][0]["id"])
    return documents


@pytest.mark.parametrize("mode", MODES)
def test_the_bot_copies_an_entry_and_follows_it_out(story: Story, mode: str) -> None:
    followed, entry = story.running[mode]["decisions"]["decisions"]
    assert [(row["side"], row["change"], row["rule"]) for row in (entry, followed)] == [
        ("BUY", "opened", "copy"),
        ("SELL", "reduced", "copy"),
    ]
    trades = story.stopped[mode]["trades"]["trades"]
    assert {(row["side"], row["target_name"]) for row in trades} == {("BUY", "leader"), ("SELL", "leader")}
    assert story.running[mode]["why"]["why"]["decision"]["id"] == followed["id"]


@pytest.mark.parametrize("mode", MODES)
def test_queries_answer_alike_while_it_runs_and_after_it_stopped(story: Story, mode: str) -> None:
    running, stopped = story.running[mode], story.stopped[mode]
    assert (running["status"]["running"], stopped["status"]["running"]) == (True, False)
    assert running["positions"] == stopped["positions"]
    assert running["decisions"] == stopped["decisions"]
    assert running["pnl"] == stopped["pnl"]
    assert [row["tracked"] for row in running["accounts"]["targets"]] == [True]
    assert [row["tracked"] for row in stopped["accounts"]["targets"]] == [False]


@pytest.mark.parametrize("mode", MODES)
def test_stop_ends_it_cleanly(story: Story, mode: str) -> None:
    assert (story.goodbyes[mode].code, story.codes[mode]) == (0, 0)
    assert "nothing of ours is open" in story.goodbyes[mode].out
    assert story.stopped[mode]["status"]["status"]["open_orders"] == []


def test_the_ledger_is_the_venue_s_to_the_micro_unit(story: Story) -> None:
    truth, told = story.market.ledger(story.account["wallet"]), story.stopped["live"]
    assert told["status"]["status"]["cash"] == truth["cash"]
    (held,), (owned,) = told["positions"]["positions"], truth["positions"]
    assert (held["position"]["token"], held["position"]["shares"]) == (owned["token"], owned["shares"])
    ours = [(row["side"], row["shares"], row["usdc"], row["fee"]) for row in told["trades"]["trades"]]
    theirs = [(row["side"], row["shares"], row["usdc"], row["fee"]) for row in truth["fills"]]
    assert sorted(ours) == sorted(theirs)


def test_paper_money_moves_no_real_money(story: Story) -> None:
    """Both bots copied the same two orders; the venue knows only the live one's."""
    sent = story.market.control("/requests?service=clob&path=/order")
    assert len(sent) == 2
    assert len(story.stopped["paper"]["trades"]["trades"]) >= 2


def test_a_store_is_one_account_s(story: Story) -> None:
    folder = story.bots["paper"].folder
    refused = polybot("start", "--live", "--config", folder)
    assert refused.code == 5
    assert "ledger of paper trading" in refused.err
    assert "polybot init DIR" in refused.err


def test_a_killed_bot_says_so_and_starts_again(story: Story) -> None:
    bot = story.bots["paper"]
    before = bot.ask("positions")
    with bot.started("paper") as process:
        bot.trading()
        end(process, signal.SIGKILL)
    until("the lost heartbeat", lambda: not bot.status()["running"])
    assert "gone without a goodbye" in polybot("status", "--config", bot.folder).out
    with bot.started("paper") as process:
        bot.trading()
        assert end(process, signal.SIGINT) == 0
    assert bot.ask("positions") == before


def test_a_restart_goes_on_where_it_was_and_a_restricted_region_opens_nothing(story: Story) -> None:
    """Nothing is copied again; exits are followed even where entries are not allowed."""
    market, bot = story.market, story.bots["live"]
    before = bot.status()["status"]
    market.control("/geoblock", {"blocked": True, "country": "US", "region": "NY"})
    with bot.started("live") as process:
        blocked = bot.knows("the region's lock", lambda now: "US NY" in now["state"].get("lock.region", ""))["status"]
        assert (blocked["state"]["mode"], blocked["run"]["id"]) == ("exits_only", before["run"]["id"] + 1)
        assert (blocked["cash"], blocked["open_positions"], blocked["decisions"]) == (before["cash"], 1, 0)
        market.trade("leader", "BUY", amount=40)
        bot.knows("the refused entry", lambda now: now["decisions"] == 1)
        (refused,) = bot.ask("decisions", "--rule", "exits_only")["decisions"]
        assert "US NY" in refused["detail"]
        market.trade("leader", "SELL", size=20)
        bot.knows("the followed exit", lambda now: now["fills"] >= 1)
        market.control("/geoblock", {"blocked": False})
        bot.trading()
        assert end(process, signal.SIGTERM) == 0
    assert bot.status()["status"]["end_reason"] == "stopped"
    assert bot.status()["status"]["cash"] == market.ledger(story.account["wallet"])["cash"]


def test_a_market_that_goes_away_and_comes_back_is_survived(tmp_path: Path) -> None:
    """The second market is a new one on the same ports, with the same trader."""
    port = free_ports()
    with simulated_market(tmp_path, "--port", port) as market:
        leader = market.account(balance=10_000, name="leader")
        bot = prepared(tmp_path / "bot", market, leader=leader["wallet"], account=leader)
        with bot.started("paper"):
            bot.trading()
            market.stop()
            bot.knows(
                "stale feeds", lambda now: now["state"][f"feed.activity_poll:{leader['wallet'].lower()}"] == "stale"
            )
            with simulated_market(tmp_path, "--port", port) as again:
                again.account(balance=10_000, name="leader", private_key=leader["private_key"])
                again.trade("leader", "BUY", amount=40)
                bot.knows("a copy on the new market", lambda now: now["fills"] == 1)


def test_a_wallet_without_approvals_is_told_of(market: Market, tmp_path: Path) -> None:
    account = market.account(balance=100, name="unapproved", approve=False)
    bot = prepared(tmp_path / "bot", market, leader=account["wallet"], account=account)
    with bot.started("live"):
        told = bot.knows("the missing approvals", lambda now: "no exchange" in now["state"].get("lock.approvals", ""))
        assert told["status"]["state"]["mode"] == "exits_only"
