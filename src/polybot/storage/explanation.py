"""Decisions as JSON that people can read: money as decimal text, book levels as "size @ price"."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from polybot.core.book import BookView, Level
from polybot.core.market import Market
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.decision.model import Check, Copy, Decision, Policy, Skip
from polybot.ports.store import StoreFailed

T = TypeVar("T")


def json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def texts(stored: str) -> dict[str, str]:
    return _decoded(stored, dict[str, str])


def text_rows(stored: str) -> Sequence[Mapping[str, str]]:
    return _decoded(stored, list[dict[str, str]])


def tree(stored: str) -> Mapping[str, object]:
    return _decoded(stored, dict[str, object])


def _decoded(stored: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(stored, type=kind)
    except msgspec.DecodeError as error:
        raise StoreFailed(f"A row of the database is damaged ({error}): restore a backup.") from error


def decision_values(decision: Decision) -> dict[str, str]:
    """The columns that explain a decision."""
    rule, detail = _outcome(decision.verdict)
    return {
        "rule": rule,
        "detail": detail,
        "checks": json_text([_check(check) for check in decision.verdict.checks]),
        "snapshot": json_text(_plain(decision.snapshot)),
        "policy": _policy_text(decision.policy),
    }


def _outcome(verdict: Copy | Skip) -> tuple[str, str]:
    if isinstance(verdict, Skip):
        return verdict.rule, verdict.detail
    budget = f", at most {verdict.spend} USDC" if verdict.spend else ""
    detail = f"{verdict.side} {verdict.shares} at {verdict.limit} or better, {verdict.tif}{budget}"
    return "copy", detail


def _check(check: Check) -> dict[str, str]:
    return {
        "rule": check.rule,
        "value": check.value,
        "limit": check.limit,
        "binding": "yes" if check.binding else "no",
    }


@lru_cache(maxsize=256)
def _policy_text(policy: Policy) -> str:
    return json_text({f.name: str(getattr(policy, f.name)).lower() for f in fields(policy)})


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Usdc() | Shares() | Price() | Ratio():
            return str(value)
        case tuple():
            return [_plain(item) for item in value]
        case BookView():
            bids, asks = _levels(value.bids), _levels(value.asks)
            return {"token": value.token, "hash": value.hash, "bids": bids, "asks": asks}
        case Market():
            return _market(value)
        case _ if is_dataclass(value):
            return _tree(value)
    raise TypeError(f"{type(value).__name__} has no text in the journal")


def _tree(value: Any) -> dict[str, object]:  # noqa: ANN401 - any dataclass
    return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}


@lru_cache(maxsize=1_024)
def _market(market: Market) -> msgspec.Raw:
    """A market hardly ever changes between its decisions."""
    return msgspec.Raw(msgspec.json.encode(_tree(market)))


def _levels(levels: tuple[Level, ...]) -> list[str]:
    return [_level(level.size.micro, level.price.micro) for level in levels]


@lru_cache(maxsize=65_536)
def _level(size_micro: int, price_micro: int) -> str:
    """Book levels repeat: they are the dearest part of a decision's row."""
    return f"{Shares(size_micro)} @ {Price(price_micro)}"
