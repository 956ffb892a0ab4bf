"""The kinds of faults and what each can be told."""

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from polybot.config.problems import suggest
from polybot.core.money import Price
from polybot.simulator.engine.rules import TICKS
from polybot.simulator.faults.subject import PONG, REFUSED, SERVICES, SNAPSHOT, SOCKETS, Subject
from polybot.simulator.rest.catalogue import CATALOGUE

Positive: TypeAlias = Annotated[float, Field(gt=0)]
Chance: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scope(_Strict):
    """Where a fault may strike; what is left out is not looked at.

    `path` and `event` are globs. `wallet`, `token` and `condition` must be mentioned by the request (path, query,
    body, POLY_ADDRESS), the frame or the trade.
    """

    service: tuple[str, ...] = ()
    method: str = ""
    path: str = ""
    event: str = ""
    wallet: str = ""
    token: str = ""
    condition: str = ""

    @field_validator("service", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        names = (value,) if isinstance(value, str) else value
        for name in names if isinstance(names, list | tuple) else ():
            if name not in SERVICES:
                raise ValueError(f"{name!r} is not one of {', '.join(SERVICES)}")
        return names

    def covers(self, subject: Subject) -> bool:
        return (
            (not self.service or subject.service in self.service)
            and (not self.method or subject.method == self.method.upper())
            and (not self.path or fnmatchcase(subject.path, self.path))
            and (not self.event or fnmatchcase(subject.event, self.event))
            and all(name.lower() in subject.text for name in (self.wallet, self.token, self.condition) if name)
        )


class Fault(_Strict):
    """What all faults share.

    An opportunity is whatever lies in the scope and the time window (`after_s` the start of the simulation, or the
    moment the fault was posted, and `for_s` from then on). The first `skip` pass unharmed; of the others each is
    struck with `probability`, at most `count` in all. `hits` names the opportunities that are struck, from 1.
    """

    scope: Scope = Scope()
    probability: Chance = 1.0
    after_s: Annotated[float, Field(ge=0)] = 0.0
    for_s: Positive | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(gt=0)] | None = None
    hits: tuple[int, ...] | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether it may befall this, apart from time and chance."""
        return self.scope.covers(subject)

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Self:
        if self.hits is not None and self.model_fields_set & {"probability", "skip", "count"}:
            raise ValueError("hits says exactly what is struck: leave out probability, skip and count")
        return self


class HttpFault(Fault):
    """Befalls a request or its answer, of any service but control; a socket's handshake only if its service is
    named."""

    def covers(self, subject: Subject) -> bool:
        return bool(self.scope.service or subject.service not in SOCKETS) and self.scope.covers(subject)


class PlainHttp(HttpFault):
    """lose_request: cut before it is processed. lose_answer: processed, then cut. garble: bytes of no text."""

    fault: Literal["lose_request", "lose_answer", "garble"]


class FillBeforeAck(HttpFault):
    """The answer to an order comes after the sockets told of its fills."""

    fault: Literal["fill_before_ack"]

    def covers(self, subject: Subject) -> bool:
        return subject.method == "POST" and subject.path in {"/order", "/orders"} and self.scope.covers(subject)


class StaleCache(HttpFault):
    """The first answer that each URL of the scope gave, again and again, with its `Age`."""

    fault: Literal["stale_cache"]

    def covers(self, subject: Subject) -> bool:
        return subject.method == "GET" and super().covers(subject)


class Refuse(HttpFault):
    """By the name of a documented `error`, whose substitutions are `values`, or by `status` and `text` (in the CLOB's
    shape) or a whole `body`; with `after` it is processed all the same."""

    fault: Literal["refuse"]
    error: str = ""
    values: dict[str, str] = {}
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    text: str = ""
    body: str | None = None
    headers: dict[str, str] = {}
    after: bool = False

    @field_validator("error")
    @classmethod
    def _documented(cls, value: str) -> str:
        if value and value not in CATALOGUE:
            raise ValueError(f"is no documented error. {suggest(value, set(CATALOGUE))}")
        return value

    @model_validator(mode="after")
    def _told_how(self) -> Self:
        if bool(self.error) is (self.status is not None):
            raise ValueError("give either error (the name of a documented one) or status")
        return self


class WebPage(HttpFault):
    """What a CDN answers in the venue's place."""

    fault: Literal["html_403"]
    status: Annotated[int, Field(ge=400, le=599)] = 403


class Duplicate(HttpFault):
    fault: Literal["duplicate"]
    answer: Literal["first", "second"] = "first"


class Delay(HttpFault):
    fault: Literal["delay"]
    seconds: Positive
    when: Literal["before", "after"] = "after"


class Reorder(HttpFault):
    """Held until another request of the scope was processed, at most `patience_s`."""

    fault: Literal["reorder"]
    patience_s: Positive = 5.0


class Cut(HttpFault):
    """`keep` of the body arrives: as a whole answer (truncate), or before the connection breaks."""

    fault: Literal["truncate", "reset_mid_body"]
    keep: Chance = 0.5


class Stall(HttpFault):
    """Accepted and never answered, until the client gives up."""

    fault: Literal["stall"]
    processed: bool = False


class Slow(HttpFault):
    """The body dribbles in over `seconds`."""

    fault: Literal["slow"]
    seconds: Positive = 5.0


class RefuseConnect(HttpFault):
    """A socket's handshake is refused."""

    fault: Literal["refuse_connect"]
    status: Annotated[int, Field(ge=400, le=599)] = 503

    def covers(self, subject: Subject) -> bool:
        return subject.service in SOCKETS and self.scope.covers(subject)


class FrameFault(Fault):
    """Befalls what one socket is told, not what it is answered; `scope.event` is the kind of frame."""

    def covers(self, subject: Subject) -> bool:
        return subject.event not in {PONG, REFUSED} and self.scope.covers(subject)


class PlainFrame(FrameFault):
    fault: Literal["drop", "duplicate_frame", "garble_frame", "abrupt_close"]


class HashFault(FrameFault):
    """The market socket tells a hash that no book has (wrong_hash), or that of the asset's frame before."""

    fault: Literal["wrong_hash", "stale_hash"]

    def covers(self, subject: Subject) -> bool:
        return subject.service == "market" and super().covers(subject)


class NoSnapshot(FrameFault):
    """The market socket's answer to a subscription is lost."""

    fault: Literal["no_snapshot"]

    def covers(self, subject: Subject) -> bool:
        return subject.event == SNAPSHOT and self.scope.covers(subject)


class NoPong(FrameFault):
    fault: Literal["no_pong"]

    def covers(self, subject: Subject) -> bool:
        return subject.event == PONG and self.scope.covers(subject)


class TruncateFrame(FrameFault):
    fault: Literal["truncate_frame"]
    keep: Chance = 0.5


class EmptyArray(FrameFault):
    """An empty array before the frame, or instead of it."""

    fault: Literal["empty_array"]
    instead: bool = False


class Spell(FrameFault):
    """Frames of the scope are lost (gap) or come in one burst at the end (delay_frames)."""

    fault: Literal["gap", "delay_frames"]
    lasts_s: Positive = 10.0


class Silence(FrameFault):
    """PING is answered, nothing of the scope is delivered; without `lasts_s` until the socket is closed."""

    fault: Literal["silence"]
    lasts_s: Positive | None = None


class ReorderFrames(FrameFault):
    """A frame changes places with the next one of the scope, at most `patience_s` later."""

    fault: Literal["reorder_frames"]
    patience_s: Positive = 1.0


class CloseSocket(FrameFault):
    fault: Literal["close_1013"]
    code: Annotated[int, Field(ge=1000, le=4999)] = 1013


class FillAfterCancel(FrameFault):
    """The fills of an order are told `hold_s` late: its cancellation overtakes them and knows nothing of them."""

    fault: Literal["fill_after_cancel"]
    hold_s: Positive = 2.0

    def covers(self, subject: Subject) -> bool:
        fills = {"trade:MATCHED", "order:UPDATE"}
        return subject.service == "user" and subject.event in fills and super().covers(subject)


class SubscriptionFault(Fault):
    """Befalls a subscription when it is asked for."""


class Poisoned(SubscriptionFault):
    """The activity socket answers with its 401 frame and delivers nothing."""

    fault: Literal["poisoned_subscription"]

    def covers(self, subject: Subject) -> bool:
        return subject.service == "activity" and super().covers(subject)


class LateAuthFailure(SubscriptionFault):
    """The user socket accepts the credentials and closes `seconds` later."""

    fault: Literal["late_auth_failure"]
    seconds: Positive = 2.0

    def covers(self, subject: Subject) -> bool:
        return subject.service == "user" and super().covers(subject)


class RowFault(Fault):
    """Befalls a row of the activity socket, for everyone who hears it."""


class PlainRow(RowFault):
    fault: Literal["identical_rows", "unenriched_rows"]


class MissingRows(RowFault):
    fault: Literal["missing_rows"]
    probability: Chance = 0.003


class OldRows(RowFault):
    """The row says it is `age_s` older than it is."""

    fault: Literal["hour_old_rows"]
    age_s: Positive = 3600.0


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


AnyFault = Annotated[
    PlainHttp
    | FillBeforeAck
    | StaleCache
    | Refuse
    | WebPage
    | Duplicate
    | Delay
    | Reorder
    | Cut
    | Stall
    | Slow
    | RefuseConnect
    | PlainFrame
    | HashFault
    | NoSnapshot
    | NoPong
    | TruncateFrame
    | EmptyArray
    | Spell
    | Silence
    | ReorderFrames
    | CloseSocket
    | FillAfterCancel
    | Poisoned
    | LateAuthFailure
    | PlainRow
    | MissingRows
    | OldRows
    | Fate
    | Partial
    | ModeSwitch
    | TickChange
    | ClockSkew
    | RestrictWallet
    | GeoblockSwitch
    | Reorg
    | DeafSubscription
    | LogShare
    | BlockLimit,
    Field(discriminator="fault"),
]
