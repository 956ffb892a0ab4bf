"""Kinds of faults that befall trades, the venue's state and the chain."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from polybot.core.money import Price
from polybot.simulator.engine.rules import TICKS
from polybot.simulator.faults.base import Chance, Fault, Positive


class TradeFault(Fault):
    """Decides at the match what becomes of a trade."""


class Fate(TradeFault):
    """The trade is sent again under another hash `retries` times; match_then_fail undoes it in the end."""

    fault: Literal["match_then_fail", "retry"]
    retries: Annotated[int, Field(ge=0)] | None = None


class Partial(TradeFault):
    """Only this `share` of what an order would match is let happen."""

    fault: Literal["partial"]
    share: Annotated[Decimal, Field(ge=0, lt=1)] = Decimal("0.5")


class SwitchFault(Fault):
    """A state of the venue: on at the start of the window and, with `every_s`, again and again; each time for
    `lasts_s`, else until the window ends or the fault is cleared. Each time is an opportunity."""

    every_s: Positive | None = None
    lasts_s: Positive | None = None


class ModeSwitch(SwitchFault):
    """restart runs its own course: 425, post-only, normal."""

    fault: Literal["restart", "cancel_only", "post_only", "disabled"]


class TickChange(SwitchFault):
    fault: Literal["tick_change"]
    tick: str

    @field_validator("tick")
    @classmethod
    def _known_tick(cls, value: str) -> str:
        if Price.parse(value).micro not in TICKS:
            raise ValueError(f"must be one of {', '.join(str(Price(tick)) for tick in sorted(TICKS))}")
        return value

    @model_validator(mode="after")
    def _in_a_market(self) -> Self:
        if not (self.scope.condition or self.scope.token):
            raise ValueError("scope must name the market by condition or token")
        return self


class ClockSkew(SwitchFault):
    """GET /time and the checks of headers are this far ahead of the truth."""

    fault: Literal["clock_skew"]
    seconds: float


class RestrictWallet(SwitchFault):
    fault: Literal["closed_only", "banned"]

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if not self.scope.wallet:
            raise ValueError("scope.wallet must name the account's wallet")
        return self


class GeoblockSwitch(SwitchFault):
    fault: Literal["geoblock"]
    country: str = "US"
    region: str = "NY"


class Reorg(SwitchFault):
    """The chain replaces its newest `depth` blocks."""

    fault: Literal["reorg"]
    depth: Annotated[int, Field(ge=1, le=1000)] = 2


class DeafSubscription(SwitchFault):
    """The node acknowledges subscriptions and delivers nothing."""

    fault: Literal["deaf_subscription"]


class LogShare(SwitchFault):
    """withheld_log: so much of the logs reaches no subscription, and with `everywhere` no eth_getLogs either.
    uneven_logs: so many eth_getLogs meet a backend that is behind. unseen_pending: so many matches are never seen
    pending. closing_node: after a block so many sockets are cut."""

    fault: Literal["withheld_log", "uneven_logs", "unseen_pending", "closing_node"]
    share: Chance = 1.0
    everywhere: bool = False


class BlockLimit(SwitchFault):
    """lagging_logs: eth_getLogs is so many blocks behind. range_limit: it refuses wider ranges. pruned_history: what is
    older is gone."""

    fault: Literal["lagging_logs", "range_limit", "pruned_history"]
    blocks: Annotated[int, Field(ge=1)]
