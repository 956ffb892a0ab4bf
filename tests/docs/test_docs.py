"""What the documents tell people to type exists, and what can be run here runs."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from polybot.cli.main import app, main

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(polybot [^`]+)`")
_SAFE = frozenset({"init", "accounts", "config", "version"})
"""Commands that need no bot, no service and no second terminal."""


def typed_commands(text: str) -> Iterator[str]:
    for block in _BLOCK.findall(text):
        yield from (line for line in block.splitlines() if line.startswith("polybot "))
    yield from _INLINE.findall(_BLOCK.sub("", text))


def words_of(command: str) -> list[str]:
    """Without comments, pipes and the brackets of a synopsis."""
    plain = command.replace("\\|", "|").replace("--paper|--live", "--paper --live").split(" | ")[0]
    return shlex.split(re.sub(r"[\[\]]", " ", plain), comments=True)[1:]


def unknown_words(words: list[str]) -> list[str]:
    """Commands and options that polybot does not have."""
    command: Any = get_command(app)
    for number, word in enumerate(words):
        known = getattr(command, "commands", {})
        if word in known:
            command = known[word]
        elif number == 0 and word.islower():
            return [word]
    return _unknown_options(command, words)


def _unknown_options(command: Any, words: list[str]) -> list[str]:
    known = {"--help"} | {name for parameter in command.params for name in parameter.opts}
    return [word for word in words if word.startswith("--") and word not in known]


SHOWN = sorted({(path.name, command) for path in DOCUMENTS for command in typed_commands(path.read_text())})


@pytest.mark.parametrize(("document", "command"), SHOWN)
def test_every_shown_command_exists(document: str, command: str) -> None:
    assert unknown_words(words_of(command)) == []


def test_what_does_not_exist_is_noticed() -> None:
    assert unknown_words(["status", "--colour"]) == ["--colour"]
    assert unknown_words(["fly"]) == ["fly"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_shown_sequences_run_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POLYBOT__ENDPOINTS__GAMMA", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    for line in "\n".join(_BLOCK.findall(path.read_text())).splitlines():
        words = [word.replace("~", str(tmp_path)) for word in shlex.split(line, comments=True)]
        if words[:1] == ["cd"]:
            monkeypatch.chdir(words[1])
        elif words[:1] == ["polybot"] and words[1] in _SAFE:
            assert code_of(words[1:]) == 0, (line, capsys.readouterr().err)


def code_of(words: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []
