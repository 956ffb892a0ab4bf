"""A whole life of live trading, then a search for the key and the API credentials in everything it left behind."""

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from wallet_scene import with_builder_key
from wire_scene import QUERIES, Bot, Market, polybot, prepared, simulated_market

from polybot.polymarket.contracts import ROUTER
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.utils.clock import SystemClock

CANARY = "c0ffee5eed" + "0bad5ec2e7" * 5 + "1dea"
OTHER = "0x" + "ab" * 32
NODE_TOKEN = "n0dec4naryn0dec4naryn0dec4nary"


@dataclass(frozen=True, slots=True)
class Remains:
    """Everything a person, a disk or another process could see, by where it was seen."""

    seen: dict[str, bytes]
    secrets: dict[str, bytes]

    def leaks(self) -> list[str]:
        return [
            f"{name} in {where}"
            for where, content in self.seen.items()
            for name, secret in self.secrets.items()
            if secret.lower() in content.lower()
        ]


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    folder = tmp_path_factory.mktemp("secrets")
    seen: dict[str, bytes] = {}
    with simulated_market(folder) as market:
        leader = market.account(balance=10_000, name="leader")
        account = market.account(balance=500, name="me", private_key="0x" + CANARY)
        bot = prepared(folder / "bot", market, leader=leader["wallet"], account=account, level="debug")
        secrets = _forms(asyncio.run(_credentials(market.urls["clob"])))
        secrets |= _wallet_secrets(bot, market, account)
        _set_up(bot, seen, "before the start")
        with bot.started("live") as process:
            bot.trading()
            seen["argv"] = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            market.trade("leader", "BUY", amount=40)
            bot.knows("the copy", lambda status: status["fills"] == 1)
            _look_around(bot, seen, "running")
            _keep_files(bot.folder, seen, "running")
            polybot("stop", "--config", bot.folder)
            process.wait(timeout=20)
        _look_around(bot, seen, "stopped")
        _set_up_wrongly(bot, seen)
        _start_wrongly(bot, seen)
        _keep_files(bot.folder, seen, "stopped")
    return Remains(seen, secrets)


async def _credentials(url: str) -> dict[str, str]:
    """The same that the bot derives."""
    clock = SystemClock()
    http = HttpClient(url, gate=polymarket_gate(clock), clock=clock)
    found = await ClobClient(http, clock=clock).credentials(LocalSigner.from_hex("0x" + CANARY))
    await http.close()
    return {"secret": found.secret, "passphrase": found.passphrase}


def _forms(credentials: dict[str, str]) -> dict[str, bytes]:
    raw = bytes.fromhex(CANARY)
    forms = {
        "key, hex": CANARY.encode(),
        "key, bytes": raw,
        "key, decimal": str(int(CANARY, 16)).encode(),
        "key, base64": base64.b64encode(raw).rstrip(b"="),
        "key, repr": repr(raw)[2:-1].encode(),
    }
    forms |= {f"API {name}": text.encode() for name, text in credentials.items()}
    return forms | {"API secret, bytes": base64.urlsafe_b64decode(credentials["secret"])}


def _wallet_secrets(bot: Bot, market: Market, account: dict[str, Any]) -> dict[str, bytes]:
    """What the relayer and a node are shown; and one approval less, so that setting up has something to sign."""
    with_builder_key(bot, market, account)
    spender = {"trader": account["wallet"], "kind": "approve", "spender": ROUTER, "allowance": 0}
    market.control("/moves", spender)
    env = bot.folder / ".env"
    builder = dict(line.split("=", 1) for line in env.read_text().splitlines() if line.startswith("POLY_BUILDER"))
    with env.open("a") as file:
        file.write(f"POLY_RPC_URL={market.urls['rpc']}/v2/{NODE_TOKEN} {market.urls['rpc']}?key={NODE_TOKEN}\n")
    return {name: secret.encode() for name, secret in builder.items()} | {"node's token": NODE_TOKEN.encode()}


def _set_up(bot: Bot, seen: dict[str, bytes], when: str) -> None:
    for words in (["--dry-run", "--show-payload"], ["--json", "--dry-run"], ["--yes"]):
        typed = polybot("setup", *words, "--config", bot.folder)
        assert typed.code == 0, typed.err
        seen[f"{when}: setup {' '.join(words)}"] = (typed.out + typed.err).encode()


def _set_up_wrongly(bot: Bot, seen: dict[str, bytes]) -> None:
    """Half a builder key; no node that answers; a node's address that is none; an address that is refused."""
    env = bot.folder / ".env"
    good = env.read_text()
    faults = {
        "half a key": good.replace("POLY_BUILDER_SECRET", "OTHER"),
        "no node": good + f"POLY_RPC_URL=http://127.0.0.1:9/{NODE_TOKEN}\n",
        "no URL": good + f"POLY_RPC_URL={NODE_TOKEN}\n",
        "refused key": good.replace("POLY_BUILDER_SECRET=", "POLY_BUILDER_SECRET=QUFB"),
    }
    for fault, text in faults.items():
        env.write_text(text)
        for words in (["setup", "--yes"], ["test-connection"], ["config", "explain", "endpoints"]):
            typed = polybot(*words, "--config", bot.folder)
            seen[f"{' '.join(words)}, {fault}"] = (typed.out + typed.err).encode()
    env.write_text(good)


def _look_around(bot: Bot, seen: dict[str, bytes], when: str) -> None:
    """Every command that shows something, for people and for programs."""
    decision = bot.ask("decisions")["decisions"][0]["id"]
    commands = [[query] for query in QUERIES]
    commands += [["why", decision], ["config", "explain"], ["config", "validate"], ["test-connection"]]
    for command in commands:
        for form in ([], ["--json"]):
            typed = polybot(*command, *form, "--config", bot.folder)
            seen[f"{when}: {' '.join([*command, *form])}"] = (typed.out + typed.err).encode()


def _start_wrongly(bot: Bot, seen: dict[str, bytes]) -> None:
    """The key with a digit too many; the key of another wallet; the key where a name belongs."""
    accounts, env = bot.folder / "accounts.yaml", bot.folder / ".env"
    good = accounts.read_text()
    faults = {
        "too long": (good, f"POLY_PRIVATE_KEY=0x{CANARY}f\n"),
        "other wallet": (good.replace("signature_type: 3", "signature_type: 2"), f"POLY_PRIVATE_KEY={CANARY}\n"),
        "in yaml": (good.replace("POLY_PRIVATE_KEY", f"0x{CANARY}"), ""),
    }
    for fault, (yaml, secret) in faults.items():
        accounts.write_text(yaml)
        env.write_text(secret)
        typed = polybot("start", "--live", "--config", bot.folder)
        assert typed.code in (3, 5), typed
        seen[f"start, {fault}"] = (typed.out + typed.err).encode()
    accounts.write_text(good)
    env.unlink()


def _keep_files(folder: Path, seen: dict[str, bytes], when: str) -> None:
    for path in (*folder.iterdir(), *folder.parent.glob("*.out"), *folder.parent.glob("*.err")):
        if path.is_file() and path.name != ".env":
            seen[f"{when}: {path.name}"] = path.read_bytes()


def test_neither_key_nor_credentials_are_anywhere(remains: Remains) -> None:
    assert remains.leaks() == []


def test_the_search_covers_what_it_should(remains: Remains) -> None:
    """Logs, database and its write-ahead log, output; and a planted secret is found."""
    names = {where.rpartition(": ")[2] for where in remains.seen}
    assert {"polybot.log", "polybot.db", "polybot.db-wal", "start.err", "start.out", "argv"} <= names
    assert b"order.sent" in remains.seen["stopped: polybot.log"]
    assert b"http_seconds{endpoint=clob.post_order}" in remains.seen["stopped: polybot.log"]
    planted = Remains({"planted": b"x" + CANARY.upper().encode() + b"y"}, remains.secrets)
    assert planted.leaks() == ["key, hex in planted"]


def test_setting_up_was_seen_to_sign_and_to_refuse(remains: Remains) -> None:
    assert b"Router" in remains.seen["before the start: setup --yes"]
    assert b"0x095ea7b3" in remains.seen["before the start: setup --dry-run --show-payload"]
    assert b"POLY_BUILDER_SECRET: is not set" in remains.seen["setup --yes, half a key"]
    assert b"no Polygon node answers" in remains.seen["setup --yes, no node"]
    assert b"POLY_RPC_URL: is not a list of URLs" in remains.seen["setup --yes, no URL"]


def test_wrong_starts_name_the_field(remains: Remains) -> None:
    assert b"POLY_PRIVATE_KEY: is not a private key" in remains.seen["start, too long"]
    assert b"your_account.proxy_wallet" in remains.seen["start, other wallet"]
    assert b"your_account.private_key_env" in remains.seen["start, in yaml"]
