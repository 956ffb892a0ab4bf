"""Every failure of the wire, classified once: did the request reach the venue, and when to try again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Reached = Literal["no", "maybe", "yes"]
"""no: the request never left. yes: the venue read it and refused. maybe: no proof either way."""


class FailureKind(StrEnum):
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    CDN = "cdn"
    GARBAGE = "garbage"
    SERVER = "server"
    RATE_LIMITED = "rate_limited"
    RESTARTING = "restarting"
    RESTRICTED_MODE = "restricted_mode"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Failure:
    """`reached_venue` decides refused or unknown; `retry_after_s` decides when, not whether.

    `code` is a stable word for programs, `detail` the venue's text for people.
    """

    reached_venue: Reached
    kind: FailureKind
    code: str
    detail: str
    retry_after_s: float | None = None
    status: int | None = None

    def __str__(self) -> str:
        status = f"HTTP {self.status}: " if self.status else ""
        return f"{status}{self.detail}"


class RequestFailed(RuntimeError):
    """A call that brought no usable answer."""

    def __init__(self, endpoint: str, failure: Failure) -> None:
        super().__init__(f"{endpoint}: {failure}")
        self.endpoint = endpoint
        self.failure = failure


class UnexpectedShape(ValueError):
    """A well-formed answer that is not what the protocol says: names the field and what was expected."""


def classify_response(*, status: int, content_type: str, body: bytes, retry_after: str, now_ns: int) -> Failure:
    """A failed answer. Only a documented refusal proves that nothing was done."""
    raise NotImplementedError


def classify_exception(error: BaseException) -> Failure:
    """No answer at all."""
    raise NotImplementedError
