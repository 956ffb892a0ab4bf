"""`polybot setup` against a simulated Polymarket in a process of its own, for every kind of wallet."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wallet_scene import folder_for, with_builder_key
from wire_scene import PROGRAM, Bot, Market, Typed, end, polybot, process, simulated_market, until

from polybot.polymarket.contracts import CONDITIONAL_TOKENS, NEG_RISK_ADAPTER, POLYGON, STANDARD, USDC_E
from polybot.polymarket.signing import LocalSigner

EXCHANGE = STANDARD[POLYGON].address


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Blocks pass twenty times as fast."""
    with simulated_market(tmp_path_factory.mktemp("venue"), "--speed", 20) as running:
        yield running


def setup(bot: Bot, *words: str) -> Typed:
    return polybot("setup", *words, "--config", bot.folder)


def steps(document: dict[str, Any]) -> list[str]:
    return [step["words"] for step in document["plan"]]


@pytest.mark.parametrize("kind", ["deposit", "safe", "proxy"])
def test_a_wallet_becomes_ready_and_stays_ready(kind: str, tmp_path: Path, market: Market) -> None:
    fresh: dict[str, Any] = {"deployed": False} if kind == "deposit" else {"approve": False}
    bot = folder_for(tmp_path, market, market.account(wallet_type=kind, balance=100, **fresh))
    first = setup(bot, "--yes", "--json")
    assert first.code == 0, first.err
    done = first.document
    assert (done["outcome"], done["venue"]) == ("ready", {"cash": "100", "lacking": [], "closed_only": False})
    assert ("make the wallet on chain" in steps(done)) is (kind == "deposit")
    assert all(len(step["tx"]) == 1 for step in done["done"])
    again = setup(bot, "--json")
    assert again.code == 0, again.err
    assert (again.document["plan"], again.document["standing"]["deployed"]) == ([], True)


def test_a_plain_wallet_pays_for_what_it_lacks_and_wraps(tmp_path: Path, market: Market) -> None:
    account = market.account(wallet_type="eoa", balance=100)
    move = {"trader": account["wallet"]}
    market.control("/moves", {**move, "kind": "approve", "spender": EXCHANGE, "allowance": 0})
    market.control("/moves", {**move, "kind": "approve_operator", "operator": EXCHANGE, "allowed": False})
    market.control("/moves", {**move, "kind": "grant", "usdc_e": 25})
    market.control("/gas", {"address": account["eoa"], "wei": 10**12})
    bot = folder_for(tmp_path, market, account, relayer_key=False)
    poor = setup(bot, "--yes", "--wrap")
    assert poor.code == 1
    assert "send POL (on Polygon) to " + account["eoa"] in poor.err
    market.control("/gas", {"address": account["eoa"], "wei": 10**18})
    typed = setup(bot, "--yes", "--wrap", "--json")
    assert typed.code == 0, typed.err
    assert typed.document["venue"]["cash"] == "125"
    assert steps(typed.document)[-1] == "turn 25 USDC.e into pUSD"
    assert [call["target"] for step in typed.document["plan"] for call in step["calls"]][2:3] == [USDC_E]
    assert steps(setup(bot, "--wrap", "--json", "--dry-run").document) == []


def test_a_dry_run_shows_what_would_be_signed_and_signs_nothing(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False))
    seen = len(_signed(market))
    typed = setup(bot, "--dry-run", "--show-payload", "--json")
    assert typed.code == 0, typed.err
    first, second = typed.document["plan"]
    assert typed.document["outcome"] == "dry_run"
    assert first["payloads"][0]["primaryType"] == "Batch"
    shown = [call["data"] for call in first["payloads"][0]["message"]["calls"]]
    assert shown == [call["data"] for call in first["calls"]]
    assert len(second["calls"]) == 10
    text = setup(bot, "--dry-run", "--show-payload").out
    assert re.sub(r"\s", "", shown[0]) in re.sub(r"\s", "", text)
    assert "NegRiskAdapter" in text
    assert NEG_RISK_ADAPTER.lower()[2:] in re.sub(r"\s", "", text)
    assert CONDITIONAL_TOKENS in text
    assert len(_signed(market)) == seen


def _signed(market: Market) -> list[dict[str, Any]]:
    """Requests that could only be made by signing."""
    return [
        request
        for request in market.control("/requests")
        if request["method"] == "POST" and request["path"] in ("/submit", "/auth/api-key")
    ]


def test_killed_between_submission_and_block_it_goes_on(tmp_path: Path, market: Market) -> None:
    account = market.account(balance=100, deployed=False)
    bot = folder_for(tmp_path, market, account)
    before = len(_signed(market))
    with process(tmp_path, "setup", "setup", "--yes", "--config", bot.folder) as running:
        until("the first submission", lambda: len(_signed(market)) > before)
        end(running, signal.SIGKILL)
    typed = setup(bot, "--yes", "--json")
    assert typed.code == 0, typed.err
    assert typed.document["venue"]["cash"] == "100"
    moves = [move["kind"] for move in market.ledger(account["wallet"])["moves"]]
    assert moves.count("APPROVAL") == 18
    assert setup(bot, "--json").document["plan"] == []


def test_ctrl_c_ends_it_in_its_own_way(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False))
    before = len(_signed(market))
    with process(tmp_path, "setup", "setup", "--yes", "--config", bot.folder) as running:
        until("the first submission", lambda: len(_signed(market)) > before)
        assert end(running, signal.SIGINT) == 130
    assert "Traceback" not in (tmp_path / "setup.err").read_text()


def test_ctrl_c_is_an_answer_to_the_question(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False))
    before = len(_signed(market))
    command = [*PROGRAM, "setup", "--config", str(bot.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as asked:
        assert asked.stderr
        while b"Type yes" not in asked.stderr.readline():
            assert asked.poll() is None
        assert end(asked, signal.SIGINT) == 130
    assert len(_signed(market)) == before


def test_without_agreement_nothing_is_signed(tmp_path: Path, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False))
    (tmp_path / "no").write_text("no\n")
    with (tmp_path / "no").open() as answer:
        monkeypatch.setattr("sys.stdin", answer)
        typed = setup(bot)
    assert typed.code == 5
    assert "nothing was signed" in typed.err
    assert "let CTFExchangeV2 (ordinary markets) spend your pUSD, without limit" in typed.out


def test_a_missing_relayer_key_is_named_with_its_remedy(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False), relayer_key=False)
    typed = setup(bot, "--yes")
    assert typed.code == 3
    assert (
        "set POLY_BUILDER_KEY, POLY_BUILDER_SECRET, POLY_BUILDER_PASSPHRASE (a builder key), or POLY_RELAYER_KEY"
        in typed.err
    )


def test_a_foreign_relayer_key_is_refused_in_words(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False), relayer_key=False)
    with (bot.folder / ".env").open("a") as env:
        env.write("POLY_RELAYER_KEY=not-one-of-theirs\n")
    typed = setup(bot, "--yes")
    assert typed.code == 1
    assert "check the builder key or the relayer key" in typed.err
    assert "not-one-of-theirs" not in typed.err + typed.out


def test_where_trading_is_restricted_nothing_is_signed(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100, approve=False))
    before = len(_signed(market))
    market.control("/geoblock", {"blocked": True, "country": "US", "region": "NY"})
    try:
        typed = setup(bot, "--yes")
    finally:
        market.control("/geoblock", {"blocked": False, "country": "IS", "region": ""})
    assert typed.code == 5
    assert "restricts trading here (US-NY): nothing was signed" in typed.err
    assert len(_signed(market)) == before


@pytest.mark.parametrize("kind", ["eoa", "proxy", "safe", "deposit"])
def test_a_wallet_of_another_key_is_refused(kind: str, tmp_path: Path, market: Market) -> None:
    account = market.account(wallet_type=kind, balance=100)
    account["private_key"] = "0x" + "77" * 32
    typed = setup(folder_for(tmp_path, market, account), "--yes")
    assert typed.code == 5
    assert LocalSigner.from_hex("77" * 32).address in typed.err


def test_an_unnamed_wallet_is_derived_and_told(tmp_path: Path, market: Market) -> None:
    account = market.account(balance=100)
    wallet = account["wallet"]
    bot = folder_for(tmp_path, market, account)
    accounts = bot.folder / "accounts.yaml"
    accounts.write_text(accounts.read_text().replace(f'proxy_wallet: "{wallet}"', "proxy_wallet:"))
    typed = setup(bot, "--yes")
    assert typed.code == 0, typed.err
    assert f'your_account.proxy_wallet: "{wallet}"' in typed.err


def test_a_session_key_is_authorised_trades_and_is_revoked(tmp_path: Path, market: Market) -> None:
    owner = market.account(balance=100)
    bot = folder_for(tmp_path, market, owner, relayer_key=False)
    session = LocalSigner.from_hex("0x" + "5e" * 32)
    words = ("session-key", session.address)
    assert setup(bot, *words, "--yes").code == 5
    with_builder_key(bot, market, owner)
    typed = setup(bot, *words, "--yes", "--json")
    assert typed.code == 0, typed.err
    assert [key["address"] for key in typed.document["keys"]] == [session.address]
    assert f"let the key {session.address} act for this wallet until" in typed.err
    again = setup(bot, *words, "--yes", "--json")
    assert (again.code, again.document["tx"]) == (0, None)
    typed = setup(bot, *words, "--revoke", "--yes", "--json")
    assert (typed.code, typed.document["keys"]) == (0, []), typed.err


def test_what_is_no_address_is_refused_before_anything_is_asked(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100), relayer_key=False)
    for words in (("--approve", "0x12"), ("session-key", "0x12")):
        typed = setup(bot, *words)
        assert typed.code == 2
        assert "'0x12' is not an address" in typed.err


def test_another_spender_is_approved_if_a_person_names_it(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100))
    stranger = market.account(balance=1)["wallet"]
    typed = setup(bot, "--approve", stranger, "--dry-run", "--json")
    assert typed.code == 0, typed.err
    (step,) = steps(typed.document)
    assert step == f"let the UNKNOWN contract {stranger} spend your pUSD, without limit"


def test_a_person_is_not_approved_as_a_contract(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100))
    typed = setup(bot, "--approve", "0x" + "5a" * 20, "--yes")
    assert typed.code == 5
    assert "there is no contract at this address" in typed.err


def test_a_plain_wallet_without_any_approval_becomes_ready(tmp_path: Path, market: Market) -> None:
    account = market.account(wallet_type="eoa", balance=100, deployed=False)
    typed = setup(folder_for(tmp_path, market, account, relayer_key=False), "--yes", "--json")
    assert typed.code == 0, typed.err
    assert typed.document["venue"]["lacking"] == []


@pytest.mark.parametrize("kind", ["proxy", "safe"])
def test_what_only_the_website_makes_is_said_before_anything_is_asked(
    kind: str, tmp_path: Path, market: Market
) -> None:
    bot = folder_for(tmp_path, market, market.account(wallet_type=kind, balance=100, deployed=False))
    typed = setup(bot, "--yes")
    assert typed.code == 5
    assert "log in there once" in typed.err
    assert "would be signed" not in typed.out


def test_without_a_node_of_polygon_it_does_not_begin(tmp_path: Path, market: Market) -> None:
    bot = folder_for(tmp_path, market, market.account(balance=100))
    with (bot.folder / ".env").open("a") as env:
        env.write("POLY_RPC_URL=ws://127.0.0.1:9/secret-path\n")
    typed = setup(bot, "--yes")
    assert typed.code == 5
    assert "no Polygon node answers (none begins with http)" in typed.err


SUBMIT = {"service": "relayer", "path": "/submit"}


@pytest.mark.parametrize("fault", ["lose_answer", "lose_request", "duplicate", "html_403"])
def test_whatever_becomes_of_the_answer_each_step_is_done_once(fault: str, tmp_path: Path, market: Market) -> None:
    account = market.account(balance=100, approve=False)
    market.control("/moves", {"trader": account["wallet"], "kind": "grant", "usdc_e": 25})
    bot = folder_for(tmp_path, market, account)
    market.control("/faults", {"fault": fault, "scope": SUBMIT, "count": 2})
    typed = setup(bot, "--yes", "--wrap", "--json")
    assert typed.code == 0, typed.err
    assert typed.document["venue"] == {"cash": "125", "lacking": [], "closed_only": False}
    moves = [move["kind"] for move in market.ledger(account["wallet"])["moves"]]
    assert moves.count("WRAP") == 1
    assert moves.count("APPROVAL") == 18 + 1  # the ramp's too
