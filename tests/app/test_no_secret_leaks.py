"""A whole life of live trading, then a search for the key and the API credentials in everything it left behind."""

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path

import pytest
from wire_scene import QUERIES, Bot, polybot, prepared, simulated_market

from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.utils.clock import SystemClock

CANARY = "c0ffee5eed" + "0bad5ec2e7" * 5 + "1dea"
OTHER = "0x" + "ab" * 32


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


def test_wrong_starts_name_the_field(remains: Remains) -> None:
    assert b"POLY_PRIVATE_KEY: is not a private key" in remains.seen["start, too long"]
    assert b"your_account.proxy_wallet" in remains.seen["start, other wallet"]
    assert b"your_account.private_key_env" in remains.seen["start, in yaml"]
