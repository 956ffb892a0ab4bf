"""`status` tells a person what went wrong, and `accounts` who is tracked."""

import asyncio
from pathlib import Path

import pytest
from cli_world import WHALE, Terminal, used

from polybot.ports.store import Event
from polybot.storage.store import open_store
from polybot.utils.clock import SystemClock

SIGNER = Event("target_is_signer", "error", "whale: 0x11 only signs; follow 0x22.", {"wallet": WHALE})
DRIFT = Event("position_drift", "warning", "whale holds 3 of token 7")
POLL = f"feed.activity_poll:{WHALE}"


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def happened(folder: Path, *events: Event, state: dict[str, str]) -> None:
    async def record() -> None:
        store = await open_store(f"sqlite:///{folder}/polybot.db")
        now_ns = SystemClock().now_ns()
        for event in events:
            await store.record_event(event, now_ns=now_ns)
        await store.heartbeat(1, state=state, now_ns=now_ns)
        await store.close()

    asyncio.run(record())


def running(folder: Path) -> Path:
    return used(folder, now_ns=SystemClock().now_ns(), ended=False)


def test_errors_come_first_and_repeats_once(terminal: Terminal, tmp_path: Path) -> None:
    happened(running(tmp_path), DRIFT, SIGNER, DRIFT, Event("run", "info", "all is well"), state={})
    events = terminal.type("status", "--json", "--config", str(tmp_path)).document["events"]
    assert [row["event"]["message"] for row in events] == [SIGNER.message, DRIFT.message]
    shown = terminal.type("status", "--config", str(tmp_path)).out
    assert SIGNER.message in shown
    assert "all is well" not in shown


def test_feeds_are_told_by_name(terminal: Terminal, tmp_path: Path) -> None:
    happened(running(tmp_path), state={POLL: "stale"})
    shown = terminal.type("status", "--config", str(tmp_path)).out
    assert "healthy for 0 of 1 traders; stale for whale" in shown
    assert WHALE not in shown


def test_a_bot_that_is_gone_shows_its_locks_and_no_feeds(terminal: Terminal, tmp_path: Path) -> None:
    folder = used(tmp_path, now_ns=SystemClock().now_ns(), ended=True)
    happened(folder, state={POLL: "healthy", "mode": "halted", "lock.store": "the disk is full"})
    shown = terminal.type("status", "--config", str(tmp_path)).out
    assert "the disk is full" in shown
    assert "healthy" not in shown


def test_accounts_tells_who_is_tracked(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(running(tmp_path))
    for name, wallet in (("whale", WHALE), ("new", "0x" + "22" * 20)):
        assert terminal.type("accounts", "add", name, wallet, "--config", folder).code == 0
    happened(tmp_path, state={POLL: "healthy"})
    rows = terminal.type("accounts", "--json", "--config", folder).document["targets"]
    assert [(row["name"], row["tracked"]) for row in rows] == [("whale", True), ("new", False)]
    assert "at the next start" in terminal.type("accounts", "--config", folder).out


def test_an_empty_table_says_so(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=SystemClock().now_ns()))
    assert "Decisions, newest first: none" in terminal.type("decisions", "--rule", "fees", "--config", folder).out
