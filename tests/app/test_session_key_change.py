"""Changing session keys: what was shown is what is signed, once, and never where trading is restricted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from wallet_scene import folder_for, with_builder_key
from wire_scene import Market, polybot, simulated_market

from polybot.app.session_keys import SessionKeyWish, change_session_key
from polybot.config.loader import load
from polybot.core.ids import parse_wallet
from polybot.ports.wallet import Call
from polybot.utils.clock import SystemClock

SECOND = "0x" + "5e" * 20


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with simulated_market(tmp_path_factory.mktemp("venue"), "--speed", 20) as running:
        yield running


class AdjustableClock(SystemClock):
    ahead_s = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.ahead_s * 10**9


def test_what_was_agreed_to_is_what_is_signed_however_long_the_person_thinks(tmp_path: Path, market: Market) -> None:
    owner = market.account(balance=100)
    bot = folder_for(tmp_path, market, owner, relayer_key=False)
    with_builder_key(bot, market, owner)
    path = "/v1/session-signers/authorizations"
    market.control("/faults", {"fault": "lose_answer", "scope": {"service": "relayer", "path": path}, "count": 1})
    clock, shown, told = AdjustableClock(), list[Call](), list[str]()

    def agrees(call: Call) -> bool:
        shown.append(call)
        clock.ahead_s = 20
        return True

    wish = SessionKeyWish(parse_wallet(SECOND), revoke=False, agrees=agrees, tell=told.append)
    report = asyncio.run(change_session_key(load(bot.folder, environ={}), wish, clock=clock))
    (key,), (call,) = report.keys, shown
    assert int.from_bytes(call.data[-32:], "big") == key.valid_until
    assert any("no clear answer" in line for line in told)
    requests = [request for request in market.control("/requests") if request["path"] == path]
    assert len(requests) == 1


def test_where_trading_is_restricted_no_key_is_authorised(tmp_path: Path, market: Market) -> None:
    owner = market.account(balance=100)
    bot = folder_for(tmp_path, market, owner, relayer_key=False)
    with_builder_key(bot, market, owner)
    market.control("/geoblock", {"blocked": True, "country": "US", "region": "NY"})
    try:
        typed = polybot("setup", "session-key", SECOND, "--yes", "--config", bot.folder)
    finally:
        market.control("/geoblock", {"blocked": False, "country": "IS", "region": ""})
    assert typed.code == 5
    assert "restricts trading here (US-NY)" in typed.err
