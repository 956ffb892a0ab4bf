"""Every failure of the wire, classified once: did the request reach the venue, and when to try again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import aiohttp
import msgspec

from polybot.utils.retry import parse_retry_after

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


_TRANSIENT = frozenset(
    {
        FailureKind.UNREACHABLE,
        FailureKind.TIMEOUT,
        FailureKind.BROKEN,
        FailureKind.CDN,
        FailureKind.GARBAGE,
        FailureKind.SERVER,
        FailureKind.RATE_LIMITED,
        FailureKind.RESTARTING,
        FailureKind.RESTRICTED_MODE,
    }
)


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

    @property
    def transient(self) -> bool:
        """Whether a read may bring an answer later."""
        return self.kind in _TRANSIENT

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


class ErrorBody(msgspec.Struct, frozen=True):
    """{"error", "code", "retry_after_seconds"}: the CLOB's refusals; the Data API's add "retryable"."""

    error: str
    code: str = ""
    retry_after_seconds: float | None = None


_DETAIL_LENGTH = 300

# Polymarket's docs, resources/error-codes: 503 answers that prove the order was not taken.
_RESTRICTED_MODES = (
    ("post_only_mode", "post-only mode"),
    ("cancel_only", "cancel-only"),
    ("trading_disabled", "trading is currently disabled"),
)

# The venue's own words for refusals (docs resources/error-codes, official Python client 0.14.0): stable codes.
_REFUSALS = (
    ("fak_not_filled", "no orders found to match with fak order"),
    ("fok_not_filled", "fok orders are fully filled or killed"),
    ("duplicated", "duplicated"),
    ("post_only_mode", "post-only mode"),
    ("cancel_only", "cancel-only"),
    ("trading_disabled", "trading is currently disabled"),
    ("post_only_would_cross", "post-only order"),
    ("post_only_would_cross", "crosses the book"),
    ("allowance_too_low", "allowance is not enough"),
    ("not_enough_balance", "not enough balance"),
    ("off_tick", "breaks minimum tick size"),
    ("below_minimum", "lower than the minimum"),
    ("below_minimum", "invalid amount for a marketable buy"),
    ("invalid_amounts", "invalid amounts"),
    ("invalid_expiration", "invalid expiration"),
    ("invalid_signature", "invalid signature"),
    ("wrong_order_version", "order_version_mismatch"),
    ("wrong_owner", "owner of the api key"),
    ("wrong_signer", "address of the api key"),
    ("deposit_wallet_required", "deposit wallet flow"),
    ("closed_only", "closed only mode"),
    ("banned", "address banned"),
    ("region_blocked", "trading restricted in your region"),
    ("market_not_ready", "not yet ready to process new orders"),
    ("market_not_found", "market not found"),
    ("no_book", "no orderbook exists"),
    ("match_delayed", "order match delayed"),
    ("broken_off", "context canceled"),
    ("broken_off", "order timed out"),
    ("unauthorized", "api key"),
    ("unauthorized", "l1 request headers"),
)


def refusal_code(text: str) -> str:
    """A stable word for the venue's sentence; "refused" for one we have never seen."""
    lower = text.lower()
    return next((code for code, part in _REFUSALS if part in lower), "refused")


def classify_response(*, status: int, content_type: str, body: bytes, retry_after: str, now_ns: int) -> Failure:
    """A failed answer. Only a documented refusal proves that nothing was done.

    HTML comes from the edge in front of the venue: whatever its status, it proves nothing.
    """
    pause_s = parse_retry_after(retry_after, now_ns=now_ns) if retry_after else None
    if "html" in content_type or body.lstrip()[:1] == b"<":
        return Failure("maybe", FailureKind.CDN, "cdn", f"a web page ({content_type}), not an answer", pause_s, status)
    told = _error_body(body)
    if pause_s is None and told is not None:
        pause_s = told.retry_after_seconds
    if status in _BY_STATUS:
        kind, code = _BY_STATUS[status]
        return Failure("yes", kind, code, told.error if told else f"HTTP {status}", pause_s, status)
    if told is None:
        kind = FailureKind.SERVER if status >= 500 else FailureKind.GARBAGE
        return Failure("maybe", kind, kind.value, _excerpt(body), pause_s, status)
    if status >= 500:
        return _server_failure(told, pause_s, status)
    return _refusal(told, pause_s, status)


_BY_STATUS = {425: (FailureKind.RESTARTING, "restarting"), 429: (FailureKind.RATE_LIMITED, "rate_limited")}
_KIND_BY_STATUS = {
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_FOUND,
}


def _server_failure(told: ErrorBody, pause_s: float | None, status: int) -> Failure:
    text = told.error.lower()
    for code, part in _RESTRICTED_MODES:
        if status == 503 and (told.code == code or part in text):
            return Failure("yes", FailureKind.RESTRICTED_MODE, code, told.error, pause_s, status)
    return Failure("maybe", FailureKind.SERVER, told.code or "server_error", told.error, pause_s, status)


def _refusal(told: ErrorBody, pause_s: float | None, status: int) -> Failure:
    kind = _KIND_BY_STATUS.get(status, FailureKind.REFUSED)
    known = refusal_code(told.error)
    code = told.code if told.code and known == "refused" else known
    return Failure("yes", kind, code, told.error[:_DETAIL_LENGTH], pause_s, status)


def _error_body(body: bytes) -> ErrorBody | None:
    try:
        return msgspec.json.decode(body, type=ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _excerpt(body: bytes) -> str:
    return body[:_DETAIL_LENGTH].decode(errors="replace") or "an empty answer"


def classify_exception(error: Exception) -> Failure:
    """No answer at all. Only a connection that was never made proves that nothing was sent."""
    detail = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Failure("no", FailureKind.UNREACHABLE, "unreachable", detail)
    if isinstance(error, TimeoutError):
        return Failure("maybe", FailureKind.TIMEOUT, "timeout", detail)
    return Failure("maybe", FailureKind.BROKEN, "connection_broken", detail)
