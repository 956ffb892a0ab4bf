"""Kinds of faults that befall requests, frames and rows; and the list of all."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from polybot.config.problems import suggest
from polybot.simulator.faults.base import Chance, Fault, Positive
from polybot.simulator.faults.states import (
    BlockLimit,
    ClockSkew,
    DeafSubscription,
    Fate,
    GeoblockSwitch,
    LogShare,
    ModeSwitch,
    Partial,
    Reorg,
    RestrictWallet,
    TickChange,
)
from polybot.simulator.faults.subject import HANDSHAKE, PONG, REFUSED, SNAPSHOT, Subject
from polybot.simulator.rest.catalogue import CATALOGUE
from polybot.simulator.rest.data_errors import DATA_ERRORS

OF_DATA = "data."
ERRORS = (*CATALOGUE, *(OF_DATA + name for name in DATA_ERRORS))
"""The CLOB's by their own names, the Data API's behind `data.`."""


class HttpFault(Fault):
    """Befalls a request or its answer, of any service but control; a socket's handshake only if its service is
    named."""

    def covers(self, subject: Subject) -> bool:
        return bool(self.scope.service or subject.event != HANDSHAKE) and self.scope.covers(subject)


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
    values: dict[str, str] = Field(default_factory=dict)
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    text: str = ""
    body: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    after: bool = False

    @field_validator("error")
    @classmethod
    def _documented(cls, value: str) -> str:
        if value and value not in ERRORS:
            raise ValueError(f"is no documented error. {suggest(value, set(ERRORS))}")
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
        return subject.event == HANDSHAKE and self.scope.covers(subject)


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
