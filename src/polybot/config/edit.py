"""Writes configuration: the templates of a new folder, and a further target that keeps a file's comments."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from polybot.config.errors import ConfigError, Problem
from polybot.config.loader import ACCOUNTS_FILE, SETTINGS_FILE, parse_accounts, read_accounts

_TEMPLATES = {ACCOUNTS_FILE: "accounts.yaml", SETTINGS_FILE: "settings.yaml", ".env.example": "env.example"}
_EMPTY_LIST = re.compile(r"^(\s*targets\s*:)\s*(?:\[\s*\]|~|null)")
_PLAIN = re.compile(r"[a-z]+|\d+(\.\d+)?")


def template(name: str) -> str:
    """The commented text of a new folder's file; KeyError if there is none of that name."""
    return (resources.files("polybot.config") / "templates" / _TEMPLATES[name]).read_text(encoding="utf-8")


def write_templates(folder: Path) -> list[Path]:
    """New files only: FileExistsError, and nothing written, if the folder has one of them."""
    paths = [folder / name for name in _TEMPLATES]
    for path in paths:
        if path.exists():
            raise FileExistsError(path)
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        path.write_text(template(path.name), encoding="utf-8")
    return paths


def add_target(folder: Path, target: Mapping[str, str]) -> None:
    """`target` as accounts.yaml would say it, at the end of the list; every other byte stays as it is.

    ConfigError, and an untouched file, if the file is not valid before or would not be afterwards.
    """
    path = folder / ACCOUNTS_FILE
    before = read_accounts(path)
    text = path.read_text(encoding="utf-8")
    after = _with_target(text, target)
    if parse_accounts(after).targets[:-1] != before.targets:
        remedy = "Write `targets:` as a list with one dash for each trader, then try again"
        raise ConfigError(
            [Problem(ACCOUNTS_FILE, "targets", "", "is laid out in a way that cannot be added to", remedy)]
        )
    fresh = path.with_suffix(".yaml.new")
    fresh.write_text(after, encoding="utf-8")
    fresh.replace(path)


def _with_target(text: str, target: Mapping[str, str]) -> str:
    text = text if text.endswith("\n") else text + "\n"
    found = _targets_entry(text)
    if found is None:
        return f"{text}targets:\n{_block(target, indent=2)}"
    key, members = found
    lines = text.splitlines(keepends=True)
    if isinstance(members, SequenceNode) and members.value and not members.flow_style:
        end, indent = _last_line(members), members.start_mark.column
    else:
        end, indent = key.start_mark.line, key.start_mark.column + 2
        lines[end] = _EMPTY_LIST.sub(r"\1", lines[end])
    return "".join([*lines[: end + 1], _block(target, indent=indent), *lines[end + 1 :]])


def _targets_entry(text: str) -> tuple[Node, Node] | None:
    root = YAML().compose(text)
    entries = root.value if isinstance(root, MappingNode) else []
    return next(((key, value) for key, value in entries if key.value == "targets"), None)


def _last_line(node: Node) -> int:
    """Of what is written in the node (0 is the first); an absent value lies where its key does."""
    match node:
        case SequenceNode():
            return max(_last_line(item) for item in node.value)
        case MappingNode() if node.value:
            return max(_last_line(part) for entry in node.value for part in entry)
        case ScalarNode() if not node.value:
            return 0
    return int(node.end_mark.line)


def _block(target: Mapping[str, str], *, indent: int) -> str:
    lines = [f"{key}: {value if _PLAIN.fullmatch(value) else json.dumps(value)}\n" for key, value in target.items()]
    return "".join(" " * indent + ("- " if number == 0 else "  ") + line for number, line in enumerate(lines))
