"""What can go wrong with one answer, and with the frames of a socket."""

import asyncio
import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec
from meddler import Fault, PassOn, Reply

from polybot.utils.clock import Clock

PAGE = b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>1020</body></html>"


def refused(status: int, error: str, *, headers: Mapping[str, str] | None = None, **more: object) -> Fault:
    """The CLOB's own refusal; the request never reaches the venue."""
    return instead(Reply(status, msgspec.json.encode({"error": error, **more}), headers=headers or {}))


def web_page(status: int) -> Fault:
    """What a CDN answers in the venue's place."""
    return instead(Reply(status, PAGE, "text/html"))


def instead(reply: Reply) -> Fault:
    async def fault(_: PassOn) -> Reply:
        return reply

    return fault


async def lost_request(_: PassOn) -> None:
    """The connection breaks before the venue hears anything."""


async def lost_answer(pass_on: PassOn) -> None:
    """The venue did what was asked; nobody hears of it."""
    await pass_on()


async def reset_within(pass_on: PassOn) -> Reply:
    """The connection breaks in the middle of the body."""
    reply = await pass_on()
    return replace(reply, cut=len(reply.body) // 2)


async def truncated(pass_on: PassOn) -> Reply:
    """A whole answer, as HTTP sees it, that ends too early."""
    reply = await pass_on()
    return replace(reply, body=reply.body[: len(reply.body) // 2])


async def empty(pass_on: PassOn) -> Reply:
    reply = await pass_on()
    return replace(reply, body=b"")


def garbled(seed: int) -> Fault:
    """Bytes that belong in no text, at random places."""
    dice = random.Random(seed)  # noqa: S311

    async def fault(pass_on: PassOn) -> Reply:
        reply = await pass_on()
        body = bytearray(reply.body)
        for _ in range(1 + len(body) // 40):
            body.insert(dice.randrange(len(body) + 1), 0xFF)
        return replace(reply, body=bytes(body))

    return fault


def late(clock: Clock, seconds: float) -> Fault:
    async def fault(pass_on: PassOn) -> Reply:
        reply = await pass_on()
        await clock.sleep(seconds)
        return reply

    return fault


def held_until(gate: asyncio.Event) -> Fault:
    """The venue answers at once; the answer arrives when the gate opens."""

    async def fault(pass_on: PassOn) -> Reply:
        reply = await pass_on()
        await gate.wait()
        return reply

    return fault


def in_turn(*faults: Fault) -> Fault:
    """The first for the first request, and so on, over and over."""
    turns = itertools.cycle(faults)

    async def fault(pass_on: PassOn) -> Reply | None:
        return await next(turns)(pass_on)

    return fault


def sometimes(seed: int, chance: float, *faults: Fault) -> Fault:
    """One of `faults` with this chance, else the real answer."""
    dice = random.Random(seed)  # noqa: S311

    async def fault(pass_on: PassOn) -> Reply | None:
        if dice.random() < chance:
            return await dice.choice(faults)(pass_on)
        return await pass_on()

    return fault


# --- frames ---------------------------------------------------------------------------------------


def silence(_: str) -> Iterable[str]:
    """The keep-alive is answered, nothing else comes."""
    return ()


def doubled(frame: str) -> Iterable[str]:
    return (frame, frame)


class Swapped:
    """Each pair of frames in the wrong order."""

    def __init__(self) -> None:
        self._held: str | None = None

    def __call__(self, frame: str) -> Iterable[str]:
        if self._held is None:
            self._held = frame
            return ()
        pair, self._held = (frame, self._held), None
        return pair


class Dropped:
    """Every `nth` frame is lost."""

    def __init__(self, nth: int) -> None:
        self._nth = nth
        self._count = 0

    def __call__(self, frame: str) -> Iterable[str]:
        self._count += 1
        return () if self._count % self._nth == 0 else (frame,)


_RUBBISH: tuple[str | bytes, ...] = (
    "garbage",
    "",
    "[]",
    "{}",
    "null",
    "0",
    '{"event_type":"book"}',
    '{"event_type":"trade","id":7}',
    '{"event_type":"price_change","market":"0x0","price_changes":[{"asset_id":"1","price":"NaN"}],"timestamp":"x"}',
    '{"topic":"activity","type":"trades","payload":{"proxyWallet":7}}',
    "[" * 2_000,
    b"\x00\xff\xfe",
    b'{"event_type":"book"}',
)


class Rubbish:
    """Nonsense before each frame, and the frame's own first half."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, frame: str) -> Iterable[str | bytes]:
        self._turn += 1
        return (_RUBBISH[self._turn % len(_RUBBISH)], frame[: len(frame) // 2], frame)
