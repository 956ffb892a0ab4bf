"""From pydantic's errors to problems a person understands: place, key, safe value, fault, remedy."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from polybot.config.errors import Problem
from polybot.config.fields import masked_url
from polybot.config.yaml_text import KeyPath

_SECRET_NAME = re.compile(r"(?i)key|secret|pass|token|mnemonic|seed")
_LONG_HEX = re.compile(r"[0-9a-fA-F]{64}")
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]*@")
_NODE_URL = re.compile(r"rpc(\[\d+\])?")
_LONGEST_SHOWN = 120


def dotted(path: KeyPath) -> str:
    """("targets", 1, "wallet") is targets[1].wallet."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def without_keys(text: str) -> str:
    """`text` without anything that could be a private key."""
    return _LONG_HEX.sub("[hidden]", text)


def safe_value(key: str, value: object) -> str:
    """`value` for people; hidden if its name or its look says that it may be a secret."""
    if value is None or isinstance(value, Mapping | list | tuple | BaseModel):
        return ""
    text = _URL_PASSWORD.sub(r"\1***@", str(value))
    name = key.rpartition(".")[2]
    named_secret = _SECRET_NAME.search(name)
    if _NODE_URL.fullmatch(name):
        return repr(masked_url(text))
    if _LONG_HEX.search(text) or (named_secret and len(text) > 24) or len(text.split()) >= 12:
        return "[hidden]"
    return repr(text[:_LONGEST_SHOWN])


def problems_of(error: ValidationError, model: type[BaseModel], where: Callable[[KeyPath], str]) -> list[Problem]:
    """One problem for each error; `where` tells the file and line, or the variable, of a key."""
    return [_problem(details, model, where) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, model: type[BaseModel], where: Callable[[KeyPath], str]) -> Problem:
    path, seen = details["loc"], details["input"]
    key = without_keys(dotted(path))
    value = "" if details["type"] == "missing" else safe_value(key, seen)
    what, remedy = _explain(details, path, model)
    return Problem(where(path), key, value, without_keys(what.removeprefix(f"{seen!r} ")), remedy)


def _explain(details: ErrorDetails, path: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    section = _section(model, path[:-1])
    match details["type"]:
        case "extra_forbidden":
            return "is not a known key", suggest(str(path[-1]), set(section.model_fields) if section else set())
        case "missing":
            return "is missing", f"Add it: {_effect(section, path)}"
        case "model_type" | "tuple_type":
            return "has the wrong shape", f"Expected {'a list' if 'tuple' in details['type'] else 'keys and values'}"
        case "value_error":
            return str(details["ctx"]["error"]), f"What it does: {_effect(section, path)}"
    return _sentence(details["msg"]), f"What it does: {_effect(section, path)}"


def _sentence(message: str) -> str:
    return message.replace("Input should be", "must be").replace("String should have", "must have").rstrip(".")


def suggest(unknown: str, known: set[str]) -> str:
    """The nearest known word, or all of them."""
    if close := get_close_matches(unknown, known, n=1, cutoff=0.6):
        return f"Did you mean {close[0]!r}?"
    return f"Known here: {', '.join(sorted(known))}"


def _section(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model that a path leads to."""
    found: type[BaseModel] | None = model
    for part in path:
        if found is None or isinstance(part, int):
            continue
        field = found.model_fields.get(part)
        found = model_in(field.annotation) if field else None
    return found


def model_in(annotation: object) -> type[BaseModel] | None:
    """The model named by `Model`, `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in found if part), None)


def _effect(section: type[BaseModel] | None, path: KeyPath) -> str:
    name = "proxy_wallet" if path[-1:] == ("funder",) else path[-1] if path else ""
    field = section.model_fields.get(str(name)) if section else None
    return (field.description if field else "") or "see `polybot config explain`"
