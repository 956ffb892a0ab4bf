"""docs/simulator.md tells the truth: its examples run, in order, and answer with the shape shown."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import aiohttp
import msgspec

from simulated_venue import V1, Running

DOC = Path(__file__).resolve().parents[3] / "docs" / "simulator.md"
BLOCK = re.compile(r"```sh\n(.*?)```(?:\n```json\n(.*?)\n```)?", re.DOTALL)


def examples() -> Iterator[tuple[list[str], Any]]:
    """Each block's curl lines, and what the last of them answers."""
    for commands, answer in BLOCK.findall(DOC.read_text()):
        lines = [line for line in commands.splitlines() if line.startswith("curl ")]
        if lines:
            yield lines, msgspec.json.decode(answer) if answer else None


def shape(value: Any) -> Any:
    """Names and kinds; wallets are names that vary."""
    match value:
        case dict():
            return {("0x" if name.startswith("0x") else name): shape(inner) for name, inner in value.items()}
        case list():
            return [shape(inner) for inner in value[:1]]
        case bool() | str():
            return type(value)
        case _:
            return "number"


async def run(session: aiohttp.ClientSession, line: str, names: dict[str, str]) -> Any:
    words = shlex.split(Template(line).substitute(names))
    assert words[:2] == ["curl", "-s"]
    data = words[words.index("-d") + 1] if "-d" in words else None
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if data else "GET"
    url = next(word for word in words if word.startswith("http"))
    async with session.request(method, url, data=data) as answer:
        assert answer.status == 200, (line, await answer.text())
        return msgspec.json.decode(await answer.read())


async def test_every_example_runs(simulator: Running) -> None:
    urls = simulator.urls
    names = {
        "CONTROL": urls.control,
        "CLOB": urls.clob,
        "DATA": urls.data,
        "GAMMA": urls.gamma,
        "CONDITION": V1,
        "TOKEN": simulator.market(V1).outcomes[0].token,
    }
    ran = 0
    async with aiohttp.ClientSession() as session:
        for lines, shown in examples():
            for line in lines:
                answer = await run(session, line, names)
                ran += 1
            if isinstance(shown, dict) and "wallets" in shown:
                answer = {"at_ns": answer["at_ns"], "wallets": _alice(answer["wallets"])}
                shown["wallets"] = _alice(shown["wallets"])
            if shown is not None:
                assert shape(answer) == shape(shown), lines
    assert ran >= 10


def _alice(wallets: dict[str, Any]) -> Any:
    """Her entry without what her lists hold."""
    found = next(wallet for wallet in wallets.values() if wallet.get("name") == "alice")
    return {name: [] if isinstance(value, list) else value for name, value in found.items()}
