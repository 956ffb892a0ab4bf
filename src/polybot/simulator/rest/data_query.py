"""The Data API's parameters: snake_case or camelCase, checked as the venue checks them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_LIMIT = 1000
MAX_CONDITIONS = 20
ACTIVITY_TYPES = frozenset({
    "TRADE", "SPLIT", "MERGE", "REDEEM", "REWARD", "CONVERSION", "MIGRATION", "DEPOSIT", "WITHDRAWAL", "YIELD",
    "MAKER_REBATE", "TAKER_REBATE", "REFERRAL_REWARD", "TIP",
})  # fmt: skip
CASH_TYPES = frozenset({"DEPOSIT", "WITHDRAWAL"})

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CONDITION = re.compile(r"0x[0-9a-fA-F]{62}(?:[0-9a-fA-F]{2})?")


class InvalidRequest(ValueError):
    """The parameter at fault and what is wrong with it."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class Params:
    """One request's parameters by their snake_case names."""

    def __init__(self, query: Mapping[str, Sequence[str]]) -> None:
        self._values = {_snake(name): values for name, values in query.items()}
        if "offset" in self._values:
            raise InvalidRequest("offset", "offset is not supported, use cursor")

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, (default,))[0]

    def many(self, *names: str) -> list[str]:
        """All values of these spellings, comma lists taken apart."""
        raw = [value for name in names for value in self._values.get(name, ())]
        return [part for value in raw for part in value.split(",") if part]

    def integer(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise InvalidRequest(name, f"{name} must be an integer, got {value!r}")
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in {"true", "false"}:
            raise InvalidRequest(name, f"{name} must be true or false, got {value!r}")
        return value == "true"

    def choice(self, name: str, default: str, *, allowed: frozenset[str]) -> str:
        value = self.text(name, default).upper()
        if value not in allowed:
            raise InvalidRequest(name, f"invalid {name} {value!r}, valid values: {', '.join(sorted(allowed - {''}))}")
        return value

    def limit(self) -> int:
        value = self.integer("limit", 100)
        if not 1 <= value <= MAX_LIMIT:
            raise InvalidRequest("limit", f"limit must be between 1 and {MAX_LIMIT}, got {value}")
        return value

    def user(self) -> str:
        """Lower case; "" if there is none."""
        value = self.text("user")
        if value and not _ADDRESS.fullmatch(value):
            raise InvalidRequest("user", f"user must be an address, got {value!r}")
        return value.lower()

    def required_user(self) -> str:
        if not (user := self.user()):
            raise InvalidRequest("user", "user is required")
        return user

    def conditions(self) -> frozenset[str]:
        found = frozenset(value.lower() for value in self.many("condition", "condition_id"))
        if bad := [value for value in found if not _CONDITION.fullmatch(value)]:
            raise InvalidRequest("condition", f"malformed condition {bad[0]!r}")
        if len(found) > MAX_CONDITIONS:
            raise InvalidRequest("condition", f"at most {MAX_CONDITIONS} conditions, got {len(found)}")
        return found


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """What a page of fills is asked for; seconds inclusive."""

    user: str
    conditions: frozenset[str]
    types: frozenset[str]
    side: str
    start_s: int
    end_s: int
    ascending: bool
    taker_only: bool
    limit: int
    cursor: str


_SIDES = frozenset({"", "BUY", "SELL"})
_FOREVER_S = 10**15


def activity_query(query: Mapping[str, Sequence[str]]) -> FeedQuery:
    params = Params(query)
    params.choice("sort_by", "TIMESTAMP", allowed=frozenset({"TIMESTAMP"}))
    types = frozenset(value.upper() for value in params.many("type")) or ACTIVITY_TYPES - {"TIP"}
    if unknown := types - ACTIVITY_TYPES:
        raise InvalidRequest(
            "type", f"invalid type {min(unknown)!r}, valid values: {', '.join(sorted(ACTIVITY_TYPES))}"
        )
    if params.flag("exclude_deposits_withdrawals", default=True):
        types -= CASH_TYPES
    return _feed_query(params, user=params.required_user(), types=types, taker_only=False)


def trades_query(query: Mapping[str, Sequence[str]]) -> FeedQuery:
    params = Params(query)
    taker_only = params.flag("taker_only", default=True)
    return _feed_query(params, user=params.user(), types=frozenset({"TRADE"}), taker_only=taker_only)


def _feed_query(params: Params, *, user: str, types: frozenset[str], taker_only: bool) -> FeedQuery:
    direction = params.choice("sort_direction", "DESC", allowed=frozenset({"ASC", "DESC"}))
    return FeedQuery(
        user=user,
        conditions=params.conditions(),
        types=types,
        side=params.choice("side", "", allowed=_SIDES),
        start_s=params.integer("start", 0),
        end_s=params.integer("end", _FOREVER_S),
        ascending=direction == "ASC",
        taker_only=taker_only,
        limit=params.limit(),
        cursor=params.text("cursor"),
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
