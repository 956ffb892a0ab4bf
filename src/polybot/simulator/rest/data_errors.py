"""Every way in which the Data API and the network before it refuse a request."""

from dataclasses import dataclass

from aiohttp import web

from polybot.simulator.rest.replies import encode

CLOUDFLARE_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head>"
    "<body><h1>Sorry, you have been blocked</h1></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class DataError:
    """`code` "" is a body that is not the service's own: `text` as it stands. `retry_after_s` None: no such header."""

    status: int
    code: str
    text: str
    retryable: bool = False
    retry_after_s: int | None = None
    content_type: str = "application/json"

    def answer(self, trace_id: str) -> web.Response:
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        if not self.code:
            headers["server"] = "cloudflare"
            return web.Response(text=self.text, status=self.status, headers=headers, content_type=self.content_type)
        return data_refusal(self, trace_id=trace_id, headers=headers)


DATA_ERRORS = {
    "invalid_request": DataError(400, "invalid_request", "invalid request"),
    "unauthorized": DataError(401, "unauthorized", "Unauthorized"),
    "not_found": DataError(404, "not_found", "Not Found"),
    "method_not_allowed": DataError(405, "method_not_allowed", "Method Not Allowed"),
    "gone": DataError(410, "not_found", "this version of the API has been retired, use /v2"),
    "rate_limited": DataError(429, "rate_limited", "rate limit exceeded", retryable=True, retry_after_s=1),
    "rate_limited_bare": DataError(429, "", "", content_type="text/plain"),
    "rate_limited_cloudflare": DataError(429, "", "error code: 1015", content_type="text/plain"),
    "internal": DataError(500, "internal", "internal error", retryable=True),
    "request_timeout": DataError(503, "request_timeout", "request timed out", retryable=True, retry_after_s=1),
    "dependency_unavailable": DataError(
        503, "dependency_unavailable", "datastore unavailable", retryable=True, retry_after_s=1
    ),
    "firewalled": DataError(403, "", CLOUDFLARE_PAGE, content_type="text/html"),
}
"""By the name that scripts use."""


def data_refusal(
    error: DataError, *, trace_id: str, parameter: str = "", headers: dict[str, str] | None = None
) -> web.Response:
    """The service's own error body, with the trace id in a header as well."""
    body: dict[str, object] = {"error": error.text, "code": error.code}
    if parameter:
        body["parameter"] = parameter
    body.update(retryable=error.retryable, trace_id=trace_id)
    return web.Response(
        body=encode(body),
        status=error.status,
        headers={**(headers or {}), "x-trace-id": trace_id},
        content_type="application/json",
    )
