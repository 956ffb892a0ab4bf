"""Accounts whose owner may use the relayer, and their configuration folders."""

import asyncio
import json
from pathlib import Path
from typing import Any

from wire_scene import Bot, Market, prepared

from polybot.polymarket.auth import L2Auth
from polybot.polymarket.limits import Group, polymarket_gate
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.http import Call, HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.utils.clock import SystemClock

LEADER = "0x" + "1e" * 20


def folder_for(tmp_path: Path, market: Market, account: dict[str, Any], *, relayer_key: bool = True) -> Bot:
    bot = prepared(tmp_path / "bot", market, leader=LEADER, account=account)
    accounts = bot.folder / "accounts.yaml"
    kind = f"signature_type: {account['signature_type']}"
    accounts.write_text(accounts.read_text().replace("signature_type: 3", kind))
    if relayer_key:
        key = market.control("/relayer-keys", {"eoa": account["eoa"]})["key"]
        with (bot.folder / ".env").open("a") as env:
            env.write(f"POLY_RELAYER_KEY={key}\n")
    return bot


async def builder_key(url: str, signer: LocalSigner) -> dict[str, str]:
    """As polymarket.com makes one for the account."""
    clock = SystemClock()
    async with HttpClient(url, gate=polymarket_gate(clock), clock=clock) as http:
        auth = L2Auth(signer.address, await ClobClient(http, clock=clock).credentials(signer))
        path, now_s = "/auth/builder-api-key", clock.now_ns() // 10**9
        headers = auth.headers(method="POST", path=path, timestamp_s=now_s)
        made: dict[str, str] = json.loads(
            await http.write(Call("builder_key", Group.CLOB_AUTH, "POST", path, headers=lambda: headers))
        )
        return made


def with_builder_key(bot: Bot, market: Market, account: dict[str, Any]) -> None:
    made = asyncio.run(builder_key(market.urls["clob"], LocalSigner.from_hex(account["private_key"])))
    with (bot.folder / ".env").open("a") as env:
        for name in ("key", "secret", "passphrase"):
            env.write(f"POLY_BUILDER_{name.upper()}={made[name]}\n")
