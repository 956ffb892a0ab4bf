"""The Data API's parameters: snake_case or camelCase, checked as the venue checks them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from polybot.core.ids import ConditionId
from polybot.polymarket import contracts

MAX_LIMIT = 1000
MAX_CONDITIONS = 20
ACTIVITY_TYPES = frozenset({
    "TRADE", "SPLIT", "MERGE", "REDEEM", "REWARD", "CONVERSION", "MIGRATION", "DEPOSIT", "WITHDRAWAL", "YIELD",
    "MAKER_REBATE", "TAKER_REBATE", "REFERRAL_REWARD", "TIP",
})  # fmt: skip
CASH_TYPES = frozenset({"DEPOSIT", "WITHDRAWAL"})
PROTOCOL = frozenset(
    value.lower() for value in vars(contracts).values() if isinstance(value, str) and re.fullmatch(r"0x\w{40}", value)
) | {
    exchange.address.lower()
    for exchanges in (contracts.STANDARD, contracts.NEG_RISK, contracts.V3)
    for exchange in exchanges.values()
}
"""Contracts of the protocol: nobody's wallet."""
DAY_S = 86_400
_THREE_YEARS_S = 3 * 365 * DAY_S
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CONDITION = re.compile(r"0x[0-9a-fA-F]{62}(?:[0-9a-fA-F]{2})?")
_SIDES = frozenset({"", "BUY", "SELL"})
_DIRECTIONS = frozenset({"ASC", "DESC"})
_SMALLEST_FILL = Decimal("0.01")
_FIREWALLED = 10


class InvalidRequest(ValueError):
    """What is wrong, and the parameter at fault where the venue names it."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class Firewalled(Exception):
    """The request does not reach the service: Cloudflare's firewall answers."""


class Params:
    """One request's parameters by their snake_case names."""

    def __init__(self, query: Mapping[str, Sequence[str]]) -> None:
        self._values = {_snake(name): values for name, values in query.items()}
        if "offset" in self._values:
            text = "'offset' is not a query param on this API: pages are cursor-only, pass 'cursor' from a prior"
            raise InvalidRequest("", f"{text} response's next_cursor")

    def __contains__(self, name: str) -> bool:
        return bool(self.text(name))

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

    def amount(self, name: str, default: Decimal) -> Decimal:
        try:
            value = Decimal(self.text(name, str(default)))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0:
            raise InvalidRequest(name, f"{name} must be a non-negative number, got {self.text(name)!r}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in {"true", "false"}:
            raise InvalidRequest(name, f"{name} must be true or false, got {value!r}")
        return value == "true"

    def choice(self, name: str, default: str, *, allowed: Sequence[str] | frozenset[str]) -> str:
        """Upper case, unless the allowed values are lower case."""
        value = self.text(name, default)
        for known in allowed:
            if value.lower() == known.lower():
                return known
        listed = ", ".join(known for known in (allowed if isinstance(allowed, tuple) else sorted(allowed)) if known)
        raise InvalidRequest(name, f"{name} must be one of {listed}")

    def limit(self, *, most: int = MAX_LIMIT, default: int = 100) -> int:
        value = self.integer("limit", default)
        if not 1 <= value <= most:
            raise InvalidRequest("limit", f"limit must be between 1 and {most}, got {value}")
        return value

    def user(self) -> str:
        """Lower case; "" if there is none."""
        value = self.text("user")
        if value and not _ADDRESS.fullmatch(value):
            raise InvalidRequest("user", f"user must be an address, got {value!r}")
        if value.lower() in PROTOCOL:
            raise InvalidRequest("user", f"{value.lower()} is a protocol contract, not a user")
        return value.lower()

    def required_user(self) -> str:
        if not (user := self.user()):
            raise InvalidRequest("user", "required query param 'user' not provided")
        return user

    def conditions(self, *, most: int = MAX_CONDITIONS) -> frozenset[ConditionId]:
        found = frozenset(ConditionId(value.lower()) for value in self.many("condition", "condition_id"))
        if bad := [value for value in found if not _CONDITION.fullmatch(value)]:
            raise InvalidRequest("condition", f"invalid condition id: {min(bad)}")
        if len(found) > most:
            raise InvalidRequest("condition", f"at most {most} conditions, got {len(found)}")
        return found

    def market_conditions(self, *, most: int = MAX_CONDITIONS) -> frozenset[ConditionId]:
        """Combos have no market; the 31 bytes of a v2 market are padded."""
        found = self.conditions(most=most)
        if combos := [value for value in found if value.startswith("0x03") and len(value) == 64]:
            raise InvalidRequest("condition", f"invalid condition id: {min(combos)}")
        return frozenset(ConditionId(value.ljust(66, "0")) for value in found)

    def events(self) -> frozenset[int]:
        values = self.many("event_id")
        if bad := [value for value in values if not re.fullmatch(r"\d{1,10}", value) or not 0 < int(value) < 1 << 31]:
            raise InvalidRequest("event_id", f"event_id must be a positive 32-bit integer, got {bad[0]!r}")
        if len(found := frozenset(map(int, values))) > MAX_CONDITIONS:
            raise InvalidRequest("event_id", f"at most {MAX_CONDITIONS} events, got {len(found)}")
        return found

    def ascending(self) -> bool:
        return self.choice("sort_direction", "DESC", allowed=_DIRECTIONS) == "ASC"


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """What a page of rows is asked for; seconds inclusive, `least` in shares, or in USD with `by_cash`."""

    user: str
    conditions: frozenset[ConditionId]
    events: frozenset[int]
    types: frozenset[str]
    side: str
    start_s: int
    end_s: int
    ascending: bool
    taker_only: bool
    limit: int
    cursor: str
    least: Decimal = Decimal(0)
    by_cash: bool = False
    nobody: bool = False
    """A list of users was asked for: there is no such wallet."""


def activity_query(params: Params, *, now_s: int) -> FeedQuery:
    if params.text("sort_by", "TIMESTAMP").upper() != "TIMESTAMP":
        raise InvalidRequest("sort_by", "only sortBy=TIMESTAMP with sortDirection=DESC is supported")
    return _feed_query(
        params,
        user=params.required_user(),
        types=_types(params),
        taker_only=False,
        window=(params.integer("start", now_s - _THREE_YEARS_S), params.integer("end", now_s + DAY_S)),
    )


def trades_query(params: Params, *, now_s: int) -> FeedQuery:
    several = "," in params.text("user")
    user = "" if several else params.user()
    least = params.amount("filter_amount", _SMALLEST_FILL) or _SMALLEST_FILL
    return _feed_query(
        params,
        user=user,
        types=frozenset({"TRADE"}),
        taker_only=params.flag("taker_only", default=True),
        window=_trades_window(params, user=user, now_s=now_s),
        least=least,
        by_cash=params.choice("filter_type", "TOKENS", allowed=("CASH", "TOKENS")) == "CASH",
        nobody=several,
    )


def _types(params: Params) -> frozenset[str]:
    types = frozenset(value.upper() for value in params.many("type")) or ACTIVITY_TYPES - {"TIP"}
    if unknown := types - ACTIVITY_TYPES:
        raise InvalidRequest("type", f"invalid type {min(unknown)}, must be one of {', '.join(sorted(ACTIVITY_TYPES))}")
    return types - CASH_TYPES if params.flag("exclude_deposits_withdrawals", default=True) else types


def _trades_window(params: Params, *, user: str, now_s: int) -> tuple[int, int]:
    """`start` and `end` count with a user only; else three years of a market, or this and last month of all."""
    ahead = now_s + DAY_S
    if user:
        return params.integer("start", now_s - _THREE_YEARS_S), params.integer("end", ahead)
    if params.conditions() or params.events():
        return now_s - _THREE_YEARS_S, ahead
    today = datetime.fromtimestamp(now_s, UTC)
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp()), ahead


def _feed_query(
    params: Params,
    *,
    user: str,
    types: frozenset[str],
    taker_only: bool,
    window: tuple[int, int],
    least: Decimal = Decimal(0),
    by_cash: bool = False,
    nobody: bool = False,
) -> FeedQuery:
    conditions, events = params.conditions(), params.events()
    if conditions and events:
        raise InvalidRequest("event_id", "provide 'condition' or 'event_id', not both")
    side = params.choice("side", "", allowed=_SIDES)
    if side == "SELL" and len(conditions) >= _FIREWALLED:
        raise Firewalled
    return FeedQuery(
        user=user,
        conditions=conditions,
        events=events,
        types=types,
        side=side,
        start_s=window[0],
        end_s=window[1],
        ascending=params.ascending(),
        taker_only=taker_only,
        limit=params.limit(),
        cursor=params.text("cursor"),
        least=least,
        by_cash=by_cash,
        nobody=nobody,
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
