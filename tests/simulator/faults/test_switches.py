"""States of the venue that the script turns on and off, and matches that it spoils."""

import aiohttp
import pytest
from faulty import PATIENCE_S, Faulty

from polybot.core.orders import TradeStatus
from polybot.simulator.engine.model import OrderRefused
from simulated_venue import V1


async def test_ticks_change_and_change_back(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("tick_change", tick="0.001", scope={"condition": V1}, after_s=60, lasts_s=60)
        await venue.running.advance(61)
        told = await socket.receive_json(timeout=PATIENCE_S)
        assert (told["event_type"], told["old_tick_size"], told["new_tick_size"]) == (
            "tick_size_change",
            "0.01",
            "0.001",
        )
        await venue.running.advance(60)
        assert str(venue.running.market(V1).tick) == "0.01"


@pytest.mark.parametrize(
    ("fault", "mode"),
    [("restart", "restarting"), ("post_only", "post_only"), ("cancel_only", "cancel_only"), ("disabled", "disabled")],
)
async def test_modes_come_and_go(venue: Faulty, fault: str, mode: str) -> None:
    modes = venue.running.simulator.modes
    await venue.arm(fault, for_s=600)
    await venue.running.advance(1)
    assert modes.mode.value == mode
    await venue.running.advance(600)
    assert modes.mode.value == "normal"


async def test_the_clock_of_the_venue_goes_wrong(venue: Faulty) -> None:
    await venue.arm("clock_skew", seconds=120)
    await venue.running.advance(1)
    now_s = venue.running.clock.now_ns() // 1_000_000_000
    assert int((await venue.get("/time"))[1]) - now_s in {120, 121}
    await venue.control("DELETE", "/faults")
    assert int((await venue.get("/time"))[1]) - now_s in {0, 1}


@pytest.mark.parametrize(("fault", "text"), [("banned", "address banned"), ("closed_only", "in closed only mode")])
async def test_a_wallet_may_not_trade(venue: Faulty, fault: str, text: str) -> None:
    await venue.arm(fault, scope={"wallet": venue.alice.wallet})
    await venue.running.advance(1)
    with pytest.raises(OrderRefused, match=text):
        venue.trade()
    await venue.control("DELETE", "/faults")
    venue.trade()


async def test_a_region_is_blocked_for_a_while(venue: Faulty) -> None:
    await venue.arm("geoblock", country="FR", region="IDF", lasts_s=30)
    await venue.running.advance(1)
    geoblock = venue.running.simulator.geoblock
    assert (geoblock.blocked, geoblock.country) == (True, "FR")
    await venue.running.advance(30)
    assert not geoblock.blocked


async def test_a_state_that_comes_again_and_again(venue: Faulty) -> None:
    await venue.arm("geoblock", every_s=100, lasts_s=10, hits=[2, 3])
    blocked = []
    for _ in range(4):
        await venue.running.advance(1)
        blocked.append(venue.running.simulator.geoblock.blocked)
        await venue.running.advance(99)
    assert blocked == [False, True, True, False]


async def test_the_node_is_spoilt_and_mended(venue: Faulty) -> None:
    provider = venue.running.simulator.chain.provider
    usual = provider.unseen_ratio
    await venue.arm("deaf_subscription")
    await venue.arm("withheld_log", share=0.5, everywhere=True)
    await venue.arm("lagging_logs", blocks=7)
    await venue.arm("unseen_pending")
    await venue.arm("uneven_logs", share=0.2)
    await venue.arm("closing_node", share=0.1)
    await venue.arm("range_limit", blocks=50)
    await venue.arm("pruned_history", blocks=100)
    await venue.running.advance(1)
    assert (provider.deaf, provider.withheld_ratio, provider.withheld_everywhere) == (True, 0.5, True)
    assert (provider.lag_blocks, provider.unseen_ratio, provider.uneven_ratio) == (7, 1.0, 0.2)
    assert (provider.closing_ratio, provider.range_blocks, provider.history_blocks) == (0.1, 50, 100)
    await venue.control("DELETE", "/faults")
    assert (provider.deaf, provider.lag_blocks, provider.unseen_ratio) == (False, 0, usual)


async def test_the_chain_is_reorganised(venue: Faulty) -> None:
    async with venue.session.ws_connect(venue.running.urls.ws_rpc) as socket:
        await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["logs", {}]})
        await socket.receive_json(timeout=PATIENCE_S)
        venue.trade()
        await venue.running.advance(6)
        await venue.arm("reorg", depth=5)
        await venue.running.advance(1)
        removed: list[bool] = []
        while not any(removed):
            told = await socket.receive_json(timeout=PATIENCE_S)
            removed.append(told["params"]["result"].get("removed", False))


async def test_a_match_that_fails(venue: Faulty) -> None:
    exchange = venue.running.simulator.world.exchange
    account = venue.alice
    await venue.arm("match_then_fail", count=1, scope={"wallet": account.wallet})
    venue.trade()
    venue.trade()
    await venue.running.advance(120)
    assert [trade.status for trade in exchange.trades_of(account.owner)] == [TradeStatus.FAILED, TradeStatus.CONFIRMED]
    assert exchange.imbalance() == ""


async def test_a_match_that_is_sent_again(venue: Faulty) -> None:
    exchange = venue.running.simulator.world.exchange
    account = venue.alice
    seen: list[str] = []
    exchange.subscribe(lambda event: seen.append(getattr(getattr(event, "trade", None), "status", "")))
    await venue.arm("retry", retries=2, scope={"token": venue.tokens[0]})
    venue.trade()
    await venue.running.advance(120)
    assert [status for status in seen if status].count(TradeStatus.RETRYING) == 2
    assert [trade.status for trade in exchange.trades_of(account.owner)] == [TradeStatus.CONFIRMED]


async def test_an_order_that_gets_only_a_part(venue: Faulty) -> None:
    account = venue.alice
    await venue.arm("partial", share=0.3, count=1)
    venue.trade(size="10")
    assert str(account.held(venue.tokens[0])) == "3"


async def test_sockets_stay_open_through_all_of_it(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("restart", for_s=1)
        await venue.running.advance(5)
        await venue.heard(socket)
        assert socket.close_code is None or socket.close_code == aiohttp.WSCloseCode.OK
