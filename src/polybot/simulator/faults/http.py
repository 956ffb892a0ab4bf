"""What goes wrong between a client and the fronts: a middleware inside the door."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from polybot.simulator.faults import damage
from polybot.simulator.faults.engine import Armed, Faults, Met
from polybot.simulator.faults.kinds import (
    Cut,
    Delay,
    Duplicate,
    FillBeforeAck,
    HttpFault,
    PlainHttp,
    Refuse,
    RefuseConnect,
    Reorder,
    Slow,
    StaleCache,
    Stall,
    WebPage,
)
from polybot.simulator.faults.subject import HANDSHAKE, Subject
from polybot.simulator.rest.replies import Answer, Handler
from polybot.utils.clock import Clock, wait_event

CUT = 499
"""The status under which a connection that was broken on purpose is logged."""
_LOOK_S = 0.05
_PIECES = 20


class _Call(msgspec.Struct):
    method: str = ""


Next = Callable[[], Awaitable[Answer]]


class HttpFaults:
    """Everything that befalls requests. `told_s`: how long after a match the sockets have told of it; `present` brings
    the world to the present."""

    def __init__(self, faults: Faults, *, clock: Clock, told_s: float, present: Callable[[], None]) -> None:
        self._faults = faults
        self._clock = clock
        self._told_s = told_s
        self._present = present
        self._passed: dict[Armed, asyncio.Event] = {}
        self._frozen: dict[tuple[int, str], tuple[int, web.Response]] = {}

    def around(self, service: str) -> Middleware:
        """Several faults that strike one request nest: the first of the script is the outermost."""

        @web.middleware
        async def meddle(request: web.Request, handler: Handler) -> Answer:
            if service == "control" or not self._faults.watches(HttpFault):
                return await handler(request)
            call: Next = lambda: handler(request)  # noqa: E731
            for met in reversed(self._faults.meet(HttpFault, await _subject(request, service))):
                call = self._wrapped(met, request, call)
            return await call()

        return meddle

    def _wrapped(self, met: Met, request: web.Request, call: Next) -> Next:
        if isinstance(met.spec, Reorder):
            patience_s = met.spec.patience_s if met.ordinal else None
            return lambda: self._overtaken(met.armed, patience_s, call)
        return (lambda: self._strike(met, request, call)) if met.ordinal else call

    async def _strike(self, met: Met, request: web.Request, call: Next) -> Answer:
        match met.spec:
            case Delay() | FillBeforeAck() | Stall() | Slow() | StaleCache():
                return await self._delayed(met, request, call)
            case PlainHttp(fault="garble"):
                return damage.garbled_answer(await call(), met.dice())
            case Cut(fault="truncate", keep=keep):
                return damage.truncated_answer(await call(), keep)
            case Cut(keep=keep):
                return await _reset(request, await call(), keep)
            case _:
                return await _instead(met, request, call)

    async def _delayed(self, met: Met, request: web.Request, call: Next) -> Answer:
        match met.spec:
            case Delay(seconds=seconds, when=when):
                return await self._late(seconds, call, before=when == "before")
            case Stall(processed=processed):
                return await self._stalled(request, call if processed else None)
            case Slow(seconds=seconds):
                return await self._dribbled(request, await call(), seconds)
            case StaleCache():
                return await self._cached(met.armed.number, request, call)
            case _:
                return await self._late(self._told_s, call, before=False)

    async def _late(self, seconds: float, call: Next, *, before: bool) -> Answer:
        if before:
            await self._clock.sleep(seconds)
            self._present()
            return await call()
        answer = await call()
        await self._clock.sleep(seconds)
        return answer

    async def _overtaken(self, armed: Armed, patience_s: float | None, call: Next) -> Answer:
        """With patience it waits for the next of its scope to be processed; without, it is the one waited for."""
        if patience_s is not None:
            passed = self._passed.setdefault(armed, asyncio.Event())
            await wait_event(self._clock, passed, timeout_s=patience_s)
            self._present()
            return await call()
        answer = await call()
        if waiting := self._passed.pop(armed, None):
            waiting.set()
        return answer

    async def _stalled(self, request: web.Request, call: Next | None) -> Answer:
        if call:
            await call()
        while request.transport is not None:
            await self._clock.sleep(_LOOK_S)
        return _broken(request)

    async def _dribbled(self, request: web.Request, answer: Answer, seconds: float) -> Answer:
        body = damage.body_of(answer)
        if body is None:
            return answer
        stream = await _opened(request, answer, body)
        size = max(1, -(-len(body) // _PIECES))
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        for piece in pieces:
            await self._clock.sleep(seconds / len(pieces))
            await stream.write(piece)
        return stream

    async def _cached(self, number: int, request: web.Request, call: Next) -> Answer:
        key, now_ns = (number, request.path_qs), self._clock.now_ns()
        if key not in self._frozen:
            answer = await call()
            if isinstance(answer, web.Response) and answer.status == 200:
                self._frozen[key] = (now_ns, answer)
            return answer
        since_ns, kept = self._frozen[key]
        again = damage.with_body(kept, damage.body_of(kept) or b"")
        again.headers["Age"] = str((now_ns - since_ns) // 1_000_000_000)
        again.headers["x-cache"] = "Hit from cloudfront"
        return again


async def _instead(met: Met, request: web.Request, call: Next) -> Answer:
    """Another answer than the venue's, or none."""
    match met.spec:
        case Refuse() as spec:
            if spec.after:
                await call()
            return damage.refusal(spec, met.dice())
        case WebPage(status=status):
            return damage.web_page(status)
        case RefuseConnect(status=status):
            return web.Response(status=status)
        case Duplicate(answer=which):
            first, second = await call(), await call()
            return first if which == "first" else second
        case PlainHttp(fault="lose_answer"):
            await call()
    return _broken(request)


async def _subject(request: web.Request, service: str) -> Subject:
    named = request.path.rpartition("/")[2] if service == "streams" else service
    opening = request.headers.get("Upgrade", "").lower() == "websocket"
    body = "" if opening else (await request.read()).decode(errors="replace")
    event = HANDSHAKE if opening else _called(body) if named == "rpc" else ""
    said = (request.path_qs, request.headers.get("POLY_ADDRESS", ""), body)
    return Subject(named, request.method, request.path, event, " ".join(said).lower())


def _called(body: str) -> str:
    """The method of a JSON-RPC call; the first of a batch."""
    try:
        calls = msgspec.json.decode(body, type=_Call | list[_Call])
    except msgspec.MsgspecError:
        return ""
    first = calls[0] if isinstance(calls, list) and calls else calls
    return first.method if isinstance(first, _Call) else ""


def _broken(request: web.Request) -> Answer:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=CUT)


async def _opened(request: web.Request, answer: Answer, body: bytes) -> web.StreamResponse:
    """The head of an answer whose body follows bit by bit."""
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    return stream


async def _reset(request: web.Request, answer: Answer, keep: float) -> Answer:
    body = damage.body_of(answer)
    if body is None:
        return answer
    stream = await _opened(request, answer, body)
    await stream.write(body[: int(len(body) * keep)])
    if request.transport is not None:
        request.transport.close()
    return stream
