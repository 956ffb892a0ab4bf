"""Every rule a decision may name, and the trail of checks that a decision leaves."""

from enum import StrEnum

from polybot.decision.model import Check, Skip


class Rule(StrEnum):
    """Stable names: they are stored, counted and documented in docs/decisions.md."""

    HALTED = "halted"
    EXITS_ONLY = "exits_only"
    LOCKED = "locked"
    BEFORE_START = "before_start"
    SIGNAL_TOO_OLD = "signal_too_old"
    MARKET_UNKNOWN = "market_unknown"
    MARKET_CLOSED = "market_closed"
    NOT_ACCEPTING_ORDERS = "not_accepting_orders"
    NO_BOOK = "no_book"
    STALE_BOOK = "stale_book"
    TARGET_TOO_SMALL = "target_too_small"
    MAX_OPEN_POSITIONS = "max_open_positions"
    MAX_POSITION = "max_position"
    CASH = "cash"
    RATIO_SIZE = "ratio_size"
    SLIPPAGE = "slippage"
    MIN_DEPTH = "min_depth"
    DEPTH = "depth"
    BELOW_MINIMUM = "below_minimum"
    NOTHING_TO_EXIT = "nothing_to_exit"
    EXIT_SIZE = "exit_size"
    EXIT_FLOOR = "exit_floor"
    DUST = "dust"


class Trail:
    """The checks of one decision, in the order they were made."""

    __slots__ = ("_checks",)

    def __init__(self) -> None:
        self._checks: list[Check] = []

    def note(self, rule: Rule, value: object, limit: object) -> None:
        """The rule was met and changed nothing."""
        self._checks.append(Check(rule.value, str(value), str(limit)))

    def bind(self, rule: Rule, value: object, limit: object) -> None:
        """The rule shaped the order."""
        self._checks.append(Check(rule.value, str(value), str(limit), binding=True))

    def skip(self, rule: Rule, detail: str, *, value: object, limit: object) -> Skip:
        """The rule says no."""
        self.bind(rule, value, limit)
        return Skip(rule.value, detail, self.checks())

    def checks(self) -> tuple[Check, ...]:
        return tuple(self._checks)
