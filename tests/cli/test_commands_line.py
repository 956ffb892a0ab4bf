"""The command line as a person or a program types it."""

import asyncio
import threading
from pathlib import Path

import pytest
from cli_world import WHALE, Terminal, configured, used

from polybot.config.loader import read_accounts
from polybot.ports.commands import Done
from polybot.storage.store import open_store
from polybot.utils.clock import SystemClock

ADDRESS = "0x" + "Cd" * 20
LONG_AGO_NS = 1_795_000_000_000_000_000
QUERIES = ("status", "positions", "trades", "pnl", "decisions")
COMMANDS = [
    "demo",
    "init",
    "start",
    "stop",
    "status",
    "accounts",
    "positions",
    "trades",
    "pnl",
    "why",
    "decisions",
    "config",
    "test-connection",
    "simulate",
    "version",
]


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("POLYBOT_HOME", "POLY_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("NO_COLOR", "1")
    return Terminal(capsys)


def now_ns() -> int:
    return SystemClock().now_ns()


# setting up


def test_help_names_every_command(terminal: Terminal) -> None:
    typed = terminal.type("--help")
    assert typed.code == 0
    assert [name for name in COMMANDS if f" {name} " not in typed.out] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(terminal: Terminal, command: str) -> None:
    words = [command, "explain"] if command == "config" else [command]
    typed = terminal.type(*words, "--help")
    assert typed.code == 0
    assert f"Example: polybot {command}" in typed.out


def test_version_is_told_to_people_and_programs(terminal: Terminal) -> None:
    assert terminal.type("version").out.startswith("polybot ")
    assert set(terminal.type("version", "--json").document) == {"version"}


def test_an_unknown_command_is_a_usage_error(terminal: Terminal) -> None:
    assert terminal.type("fly").code == 2


def test_init_writes_a_valid_configuration_once(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    first = terminal.type("init", folder, "--json")
    assert (first.code, len(first.document["written"])) == (0, 3)
    assert terminal.type("config", "validate", "--config", folder).code == 0

    again = terminal.type("init", folder)
    assert again.code == 1
    assert "exists already" in again.err
    assert "Next: " in again.err


def test_the_folder_may_be_named_before_or_after_the_command_or_in_the_environment(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(configured(tmp_path))
    assert terminal.type("--config", folder, "accounts").code == 0
    assert terminal.type("accounts", "--config", folder).code == 0
    monkeypatch.setenv("POLYBOT_HOME", folder)
    assert terminal.type("accounts").code == 0


def test_validate_lists_all_problems_on_stderr_and_as_json(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "accounts.yaml").write_text("targets: [{name: a, wallet: 0x1}]\nq: 1\n")
    typed = terminal.type("config", "validate", "--json", "--config", str(tmp_path))
    assert typed.code == 3
    assert {problem["key"] for problem in typed.document["problems"]} == {"targets[0].wallet", "q"}
    assert "accounts.yaml:2" in typed.err
    assert "Next: " in typed.err


def test_validate_warns_of_protection_that_is_not_built(terminal: Terminal, tmp_path: Path) -> None:
    (configured(tmp_path) / "settings.yaml").write_text("safety: {max_daily_loss_usd: 5}\n")
    typed = terminal.type("config", "validate", "--json", "--config", str(tmp_path))
    assert typed.code == 0
    assert any("max_daily_loss_usd" in warning for warning in typed.document["warnings"])


def test_explain_tells_one_key_or_a_section(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(configured(tmp_path))
    one = terminal.type("config", "explain", "paper.latency_ms", "--json", "--config", folder).document["keys"]
    assert [(key["key"], key["value"], key["default"]) for key in one] == [("paper.latency_ms", "150", "150")]
    assert "safety.max_open_positions = 50" in terminal.type("config", "explain", "safety", "--config", folder).out
    assert terminal.type("config", "explain", "nonsense", "--config", folder).code == 4


def test_an_added_account_is_listed(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(configured(tmp_path))
    added = terminal.type("accounts", "add", "whale", ADDRESS, "--ratio", "0.25", "--json", "--config", folder)
    assert (added.code, added.document["added"]["wallet"]) == (0, ADDRESS.lower())
    (listed,) = terminal.type("accounts", "--json", "--config", folder).document["targets"]
    assert (listed["name"], listed["position_ratio"]) == ("whale", "0.25")
    assert "whale" in terminal.type("accounts", "--config", folder).out
    assert "# Your account." in (tmp_path / "accounts.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["whale", "0x12"], 1),
        (["whale", ADDRESS, "--ratio", "lots"], 3),
        (["whale"], 2),
    ],
)
def test_a_wrong_account_is_refused_and_nothing_changes(
    terminal: Terminal, tmp_path: Path, words: list[str], code: int
) -> None:
    folder = configured(tmp_path)
    assert terminal.type("accounts", "add", *words, "--config", str(folder)).code == code
    assert read_accounts(folder / "accounts.yaml").targets == ()


# asking


@pytest.mark.parametrize("command", QUERIES)
def test_before_the_first_run_there_is_nothing_to_show(terminal: Terminal, tmp_path: Path, command: str) -> None:
    typed = terminal.type(command, "--config", str(configured(tmp_path)))
    assert (typed.code, typed.out) == (4, "")
    assert "Next: `polybot start --paper`" in typed.err


@pytest.mark.parametrize("command", QUERIES)
def test_answers_are_one_json_document_without_signed_bytes(terminal: Terminal, tmp_path: Path, command: str) -> None:
    typed = terminal.type(command, "--json", "--config", str(used(tmp_path, now_ns=LONG_AGO_NS)))
    assert (typed.code, typed.err) == (0, "")
    assert isinstance(typed.document, dict)
    assert "canary" not in typed.out


@pytest.mark.parametrize("command", QUERIES)
def test_answers_work_with_broken_accounts(terminal: Terminal, tmp_path: Path, command: str) -> None:
    folder = used(tmp_path, now_ns=LONG_AGO_NS)
    (folder / "accounts.yaml").write_text("targets: [")
    assert terminal.type(command, "--config", str(folder)).code == 0


def test_tables_show_the_names_and_numbers(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS))
    for command, seen in (
        ("status", ["stopped", "asked to stop", "994.85 USDC"]),
        ("positions", ["whale", "will-it-rain", "5.10"]),
        ("trades", ["whale", "BUY", "0.51", "0.05"]),
        ("pnl", ["whale", "-0.05"]),
        ("decisions", ["whale", "copy", "slippage", "ask 0.60 above 0.52"]),
    ):
        out = terminal.type(command, "--config", folder).out
        assert [text for text in seen if text not in out] == []


def test_money_is_exact_text_and_times_are_iso(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS))
    (trade,) = terminal.type("trades", "--json", "--config", folder).document["trades"]
    assert (trade["usdc"], trade["fee"], trade["matched_at"]) == ("5.1", "0.05", "2026-11-18T11:06:40.000000Z")


@pytest.mark.parametrize("account", ["whale", "WHALE", WHALE])
def test_positions_of_one_trader_by_name_or_wallet(terminal: Terminal, tmp_path: Path, account: str) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS))
    assert len(terminal.type("positions", account, "--json", "--config", folder).document["positions"]) == 1


def test_an_unknown_trader_is_answered_with_the_known_ones(terminal: Terminal, tmp_path: Path) -> None:
    typed = terminal.type("positions", "nobody", "--config", str(used(tmp_path, now_ns=LONG_AGO_NS)))
    assert typed.code == 4
    assert "known: whale" in typed.err


def test_decisions_can_be_narrowed_to_a_rule(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS))
    for rule, count in (("copy", 1), ("slippage", 1), ("depth", 0)):
        rows = terminal.type("decisions", "--rule", rule, "--json", "--config", folder).document["decisions"]
        assert len(rows) == count


def test_why_tells_everything_about_a_decision(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS))
    (row,) = terminal.type("decisions", "--rule", "copy", "--json", "--config", folder).document["decisions"]
    view = terminal.type("why", row["id"][:8], "--json", "--config", folder).document["why"]
    assert view["decision"]["id"] == row["id"]
    assert (view["checks"][0]["rule"], view["orders"][0]["filled_usdc"]) == ("slippage", "5.1")
    assert "will-it-rain" in terminal.type("why", row["id"], "--config", folder).out
    assert terminal.type("why", "ffffff", "--config", folder).code == 4


@pytest.mark.parametrize("ended", [True, False])
def test_running_means_a_fresh_heartbeat_and_no_end(terminal: Terminal, tmp_path: Path, ended: bool) -> None:
    folder = str(used(tmp_path, now_ns=now_ns(), ended=ended))
    assert terminal.type("status", "--json", "--config", folder).document["running"] is not ended


def test_a_bot_that_died_is_not_running(terminal: Terminal, tmp_path: Path) -> None:
    folder = str(used(tmp_path, now_ns=LONG_AGO_NS, ended=False))
    assert terminal.type("status", "--json", "--config", folder).document["running"] is False
    assert "gone without a goodbye" in terminal.type("status", "--config", folder).out


def test_a_file_that_is_no_database_is_named(terminal: Terminal, tmp_path: Path) -> None:
    (configured(tmp_path) / "polybot.db").write_text("not a database, " * 100)
    typed = terminal.type("status", "--config", str(tmp_path))
    assert typed.code == 1
    assert "polybot.db" in typed.err


# running


@pytest.mark.parametrize("ended", [True, False])
def test_stop_without_a_running_bot_says_so(terminal: Terminal, tmp_path: Path, ended: bool) -> None:
    typed = terminal.type("stop", "--config", str(used(tmp_path, now_ns=LONG_AGO_NS, ended=ended)))
    assert typed.code == 4
    assert "no bot is running" in typed.err


async def _answer(folder: Path, done: Done) -> None:
    """What a running bot does with the next command."""
    clock = SystemClock()
    store = await open_store(f"sqlite:///{folder}/polybot.db")
    try:
        while not (pending := await store.commands.pending()):
            await clock.sleep(0.02)
        await store.commands.finish(pending[0].id, done, now_ns=clock.now_ns())
    finally:
        await store.close()


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_stop_waits_for_the_bot_s_own_answer(terminal: Terminal, tmp_path: Path, ok: bool, code: int) -> None:
    folder = used(tmp_path, now_ns=now_ns(), ended=False)
    bot = threading.Thread(target=lambda: asyncio.run(_answer(folder, Done(ok=ok, detail="said the bot"))))
    bot.start()
    typed = terminal.type("stop", "--config", str(folder))
    bot.join()
    assert typed.code == code
    assert "said the bot" in typed.out + typed.err


def test_start_needs_a_trader(terminal: Terminal, tmp_path: Path) -> None:
    typed = terminal.type("start", "--config", str(configured(tmp_path)))
    assert typed.code == 3
    assert "accounts add" in typed.err


def test_paper_and_live_exclude_each_other(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.type("start", "--paper", "--live", "--config", str(configured(tmp_path))).code == 2


LIVE_READY = f"your_account: {{signature_type: 0}}\ntargets: [{{name: a, wallet: '{ADDRESS}'}}]\n"


@pytest.mark.parametrize(
    ("settings", "seen"),
    [("", "live_armed"), ("{execution: {live_armed: true}, safety: {max_daily_loss_usd: 5}}", "max_daily_loss_usd")],
)
def test_live_is_refused_unless_armed_and_really_protected(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, seen: str
) -> None:
    key = "0x" + "5ec2e7a1" * 8
    monkeypatch.setenv("POLY_PRIVATE_KEY", key)
    (tmp_path / "accounts.yaml").write_text(LIVE_READY)
    (tmp_path / "settings.yaml").write_text(settings)
    typed = terminal.type("start", "--live", "--config", str(tmp_path))
    assert typed.code == 5
    assert seen in typed.err
    assert key[2:] not in typed.err + typed.out


def test_live_without_a_key_names_the_variable(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "accounts.yaml").write_text(LIVE_READY)
    typed = terminal.type("start", "--live", "--config", str(tmp_path))
    assert typed.code == 3
    assert "POLY_PRIVATE_KEY" in typed.err


def test_a_connection_test_reports_every_service(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = ("clob", "data", "gamma", "geoblock", "ws_market", "ws_user", "ws_activity", "relayer", "rpc")
    for name in services:
        scheme = "ws" if name.startswith("ws") else "http"
        monkeypatch.setenv(f"POLYBOT__ENDPOINTS__{name.upper()}", f"{scheme}://127.0.0.1:9")
    typed = terminal.type("test-connection", "--json", "--config", str(configured(tmp_path)))
    assert typed.code == 1
    assert [(check["name"], check["ok"]) for check in typed.document["services"]] == [
        (name, False) for name in services
    ]
