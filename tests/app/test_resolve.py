"""Whom a person means: looked up where Polymarket can be asked, taken as typed where not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from polybot.app.followed import TargetUnknown
from polybot.app.resolve import resolve_target
from polybot.config.edit import write_templates
from polybot.config.loader import LoadedConfig, load

SIGNER = "0x" + "5a" * 20
TRADER = "0x" + "7b" * 20


async def profile(request: web.Request) -> web.Response:
    if request.query["address"] in {SIGNER, TRADER}:
        return web.json_response({"name": "whale", "proxyWallet": TRADER})
    return web.json_response({"type": "not found error", "error": "profile not found"}, status=404)


async def search(_request: web.Request) -> web.Response:
    names = {"whale": TRADER, "Whale Watcher": SIGNER, "Twin": TRADER, "twin": SIGNER}
    profiles = [{"name": name, "proxyWallet": wallet} for name, wallet in names.items()]
    return web.json_response({"events": None, "tags": None, "profiles": [None, *profiles]})


@pytest.fixture
async def gamma() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/public-profile", profile)
    app.router.add_get("/public-search", search)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


def asking(folder: Path, gamma: str) -> LoadedConfig:
    write_templates(folder)
    return load(folder, environ={"POLYBOT__ENDPOINTS__GAMMA": gamma})


async def test_an_address_that_only_signs_leads_to_the_wallet_that_trades(gamma: str, tmp_path: Path) -> None:
    found = await resolve_target(asking(tmp_path, gamma), SIGNER)
    assert (found.wallet, found.name) == (TRADER, "whale")
    assert "only signs" in found.note


async def test_a_trading_wallet_is_taken_without_a_word(gamma: str, tmp_path: Path) -> None:
    found = await resolve_target(asking(tmp_path, gamma), f"https://polymarket.com/profile/{TRADER}")
    assert (found.wallet, found.note) == (TRADER, "")


async def test_an_address_nobody_knows_is_taken_with_a_warning(gamma: str, tmp_path: Path) -> None:
    found = await resolve_target(asking(tmp_path, gamma), "0x" + "00" * 20)
    assert found.wallet == "0x" + "00" * 20
    assert "no profile" in found.note


async def test_offline_an_address_is_taken_as_typed(tmp_path: Path) -> None:
    found = await resolve_target(asking(tmp_path, "http://127.0.0.1:9"), SIGNER)
    assert found.wallet == SIGNER
    assert "cannot be asked" in found.note


@pytest.mark.parametrize("text", ["whale", "@Whale", "https://polymarket.com/@whale"])
async def test_a_user_name_leads_to_the_wallet_of_exactly_that_user(gamma: str, tmp_path: Path, text: str) -> None:
    assert (await resolve_target(asking(tmp_path, gamma), text)).wallet == TRADER


async def test_a_name_that_several_users_have_is_not_guessed_at(gamma: str, tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match=f"several users are called 'Twin': {SIGNER}, {TRADER}; give the address"):
        await resolve_target(asking(tmp_path, gamma), "@Twin")


async def test_a_name_that_nobody_has_is_named(gamma: str, tmp_path: Path) -> None:
    with pytest.raises(TargetUnknown, match="knows no user 'minnow'; check the spelling"):
        await resolve_target(asking(tmp_path, gamma), "minnow")
