"""What every HTTP front answers with, and the one door all answers leave through."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from polybot.utils.clock import Clock

Answer = web.StreamResponse
Handler = Callable[[web.Request], Awaitable[Answer]]
B = TypeVar("B")

_ENCODER = msgspec.json.Encoder(decimal_format="number")
KEPT_REQUESTS = 100_000


class Refusal(Exception):
    """An answer that is not a success, raised where the reason is found."""

    def __init__(self, status: int, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})


def refuse(status: int, text: str, **more: object) -> Refusal:
    """The CLOB's error shape: {"error": text}."""
    return Refusal(status, {"error": text, **more})


def explained(handle: Handler) -> Handler:
    """What was wrong with a call of the control service, as 400 or 404 with a sentence."""

    async def answer(request: web.Request) -> Answer:
        try:
            return await handle(request)
        except LookupError as missing:
            raise refuse(404, str(missing.args[0])) from None
        except ValueError as wrong:
            raise refuse(400, str(wrong)) from None

    return answer


async def body_as(request: web.Request, shape: type[B]) -> B:
    """ValueError in msgspec's own words, which name the field and the value's type."""
    return msgspec.json.decode(await request.read() or b"{}", type=shape)


def encode(body: object) -> bytes:
    """Compact JSON; decimals as JSON numbers."""
    return _ENCODER.encode(body)


def reply(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=encode(body), status=status, headers=headers, content_type="application/json")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it came in; `body` is kept for the CLOB's writes, and holds no secret."""

    at_ns: int
    service: str
    method: str
    path: str
    query: str
    status: int
    body: str


class RequestLog:
    """The newest requests of all services, in order of completion."""

    def __init__(self, clock: Clock, *, before: Callable[[], None]) -> None:
        """`before` runs at each request, ahead of everything else."""
        self.records: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self.heard: Callable[[RequestRecord], None] | None = None
        """Hears of each as it is done."""
        self._clock = clock
        self._before = before

    def door(self, service: str) -> Middleware:
        """The middleware every answer of `service` passes through on its way out."""

        @web.middleware
        async def edge(request: web.Request, handler: Handler) -> Answer:
            self._before()
            at_ns = self._clock.now_ns()
            answer = await handler(request)
            record = await _record(request, service=service, at_ns=at_ns, status=answer.status)
            self.records.append(record)
            if self.heard:
                self.heard(record)
            return answer

        return edge


@web.middleware
async def in_words(request: web.Request, handler: Handler) -> Answer:
    """Refusals as answers; nothing else may come out of a front."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return reply(refusal.body, status=refusal.status, headers=refusal.headers)
    except web.HTTPException as error:
        return reply({"error": error.reason.lower()}, status=error.status)


async def _record(request: web.Request, *, service: str, at_ns: int, status: int) -> RequestRecord:
    wanted = service == "clob" and request.method in {"POST", "DELETE"}
    body = await request.text() if wanted else ""
    return RequestRecord(at_ns, service, request.method, request.path, request.query_string, status, body)
