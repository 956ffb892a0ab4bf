"""Rows as JSON values: money as exact text, times as ISO 8601, signed bytes left out."""

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from polybot.cli.formats import iso
from polybot.core.money import Price, Ratio, Shares, Usdc

_Plain: TypeAlias = "str | int | float | bool | list[_Plain] | dict[str, _Plain] | None"


def plain(value: object) -> _Plain:
    """A field named `x_ns` becomes `x_at`. TypeError for what has no JSON form."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case Usdc() | Shares() | Price() | Ratio() | Path():
            return str(value)
        case Mapping():
            return _members(value)
        case Sequence() | AbstractSet():
            return [plain(item) for item in value]
    if is_dataclass(value):
        return _members({field.name: getattr(value, field.name) for field in fields(value)})
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _members(members: Mapping[str, object]) -> dict[str, _Plain]:
    result: dict[str, _Plain] = {}
    for name, value in members.items():
        if isinstance(value, bytes):
            continue
        if name.endswith("_ns") and isinstance(value, int | None):
            result[name.removesuffix("_ns") + "_at"] = None if value is None else iso(value)
        else:
            result[name] = plain(value)
    return result


def document(value: object) -> str:
    return json.dumps(plain(value), indent=2, ensure_ascii=False)
