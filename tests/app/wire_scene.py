"""A simulated Polymarket and bots, each in a process of its own, joined by configuration files alone."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from polybot.cli.main import main
from polybot.config.edit import write_templates

T = TypeVar("T")

PROGRAM = (sys.executable, "-c", "from polybot.cli.main import main; main()")
ENDPOINTS = ("clob", "data", "gamma", "geoblock", "ws_market", "ws_user", "ws_activity", "relayer", "rpc")
QUERIES = ("status", "accounts", "positions", "trades", "pnl", "decisions")
PATIENCE_S = 40.0
_BETWEEN_LOOKS_S = 0.1


def until(what: str, look: Callable[[], T | None]) -> T:
    """The first truthy thing that `look` sees; AssertionError with `what` after PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(_BETWEEN_LOOKS_S)
    raise AssertionError(f"waited {PATIENCE_S} s in vain for: {what}")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def polybot(*words: object) -> Typed:
    """Types a command."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as ended:
            code = ended.code
    return Typed(code if isinstance(code, int) else 1, out.getvalue(), err.getvalue())


@contextmanager
def process(folder: Path, name: str, *words: object) -> Iterator[subprocess.Popen[bytes]]:
    """Its output goes to NAME.out and NAME.err; killed at the end if it still runs."""
    command = [*PROGRAM, *map(str, words)]
    with (folder / f"{name}.out").open("ab") as out, (folder / f"{name}.err").open("ab") as err:
        running = subprocess.Popen(command, stdout=out, stderr=err)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@dataclass(slots=True)
class Market:
    """The simulator's control, for whoever knows its URLs."""

    urls: dict[str, str]
    process: subprocess.Popen[bytes]
    token: str = ""

    def stop(self) -> None:
        end(self.process, signal.SIGKILL)

    def control(self, path: str, wish: dict[str, object] | None = None) -> Any:
        return _fetch(self.urls["control"] + path, wish)

    def account(self, **wish: object) -> dict[str, Any]:
        found: dict[str, Any] = self.control("/accounts", {"wallet_type": "deposit", **wish})
        return found

    def trade(self, trader: str, side: str, **size: object) -> dict[str, Any]:
        """In the one market of this scene."""
        self.token = self.token or self._any_token()
        done: dict[str, Any] = self.control("/orders", {"trader": trader, "token": self.token, "side": side, **size})
        assert done["success"], done
        return done

    def ledger(self, wallet: str) -> dict[str, Any]:
        found: dict[str, Any] = self.control("/ledger")["wallets"][wallet.lower()]
        return found

    def _any_token(self) -> str:
        markets = _fetch(self.urls["gamma"] + "/markets?limit=1", None)
        return str(json.loads(markets[0]["clobTokenIds"])[0])


def _fetch(url: str, wish: dict[str, object] | None) -> Any:
    body = None if wish is None else json.dumps(wish).encode()
    with urllib.request.urlopen(url, data=body, timeout=10) as answer:  # noqa: S310 - http to this machine
        return json.load(answer)


@contextmanager
def simulated_market(folder: Path, *words: object) -> Iterator[Market]:
    said = folder / "simulate.out"
    said.unlink(missing_ok=True)
    with process(folder, "simulate", "simulate", "--seed", 3, *words) as running:
        line = until("the simulator's URLs", lambda: said.read_text().strip() if said.exists() else "")
        yield Market(json.loads(line), running)


def free_ports() -> int:
    """The first of as many ports in a row as a simulator takes."""
    for first in range(21_000 + os.getpid() % 1_000 * 10, 60_000, 10):
        with suppress(OSError), ExitStack() as stack:
            for port in range(first, first + 10):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError("no ten free ports in a row")


@dataclass(frozen=True, slots=True)
class Bot:
    """A configuration folder that a person prepared for one account."""

    folder: Path

    def ask(self, *words: object) -> Any:
        """The command's JSON document."""
        typed = polybot(*words, "--json", "--config", self.folder)
        assert typed.code == 0, typed.err
        return typed.document

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("status")
        return found

    def knows(self, what: str, seen: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Waits until `status` of the running bot shows it."""

        def look() -> dict[str, Any] | None:
            typed = polybot("status", "--json", "--config", self.folder)
            if typed.code != 0:
                return None
            document: dict[str, Any] = typed.document
            return document if document["running"] and seen(document["status"]) else None

        return until(what, look)

    def trading(self) -> None:
        self.knows("a bot that trades and sees the traders", lambda status: status["state"].get("mode") == "running")

    @contextmanager
    def started(self, mode: str) -> Iterator[subprocess.Popen[bytes]]:
        with process(self.folder, "start", "start", f"--{mode}", "--config", self.folder) as running:
            yield running


def prepared(folder: Path, market: Market, *, leader: str, account: dict[str, Any], level: str = "info") -> Bot:
    """As a person would: `polybot init`, edit the files, add a trader."""
    write_templates(folder)
    settings = (folder / "settings.yaml").read_text()
    for name in ENDPOINTS:
        settings = re.sub(rf"(?m)^  {name}: .*$", f"  {name}: {market.urls[name]}", settings)
    settings = settings.replace("live_armed: false", "live_armed: true").replace("level: info", f"level: {level}")
    (folder / "settings.yaml").write_text(settings)
    accounts = (folder / "accounts.yaml").read_text()
    accounts = accounts.replace("proxy_wallet:\n", f'proxy_wallet: "{account["wallet"]}"\n')
    (folder / "accounts.yaml").write_text(accounts)
    (folder / ".env").write_text(f"POLY_PRIVATE_KEY={account['private_key']}\n")
    added = polybot("accounts", "add", "leader", leader, "--ratio", "0.5", "--min-usd", "1", "--config", folder)
    assert added.code == 0, added.err
    return Bot(folder)


def end(running: subprocess.Popen[bytes], number: signal.Signals) -> int:
    os.kill(running.pid, number)
    return running.wait(timeout=PATIENCE_S)
