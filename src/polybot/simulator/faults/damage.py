"""Answers and frames as they should not be. Pure."""

import hashlib
import random

from aiohttp import web

from polybot.simulator.faults.kinds import OF_DATA, Refuse
from polybot.simulator.rest.catalogue import CATALOGUE
from polybot.simulator.rest.data_errors import DATA_ERRORS
from polybot.simulator.rest.replies import Answer, encode

_PAGE = (
    b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>"
    b"<body><h1>Sorry, you have been blocked</h1></body></html>"
)
_GRAIN = 40


def web_page(status: int) -> web.Response:
    """What Cloudflare answers in the venue's place."""
    return web.Response(status=status, body=_PAGE, content_type="text/html", headers={"server": "cloudflare"})


class _Left(dict[str, str]):
    """What is not substituted stays in its braces."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def refusal(wanted: Refuse, dice: random.Random) -> web.Response:
    if wanted.error.startswith(OF_DATA):
        answer = DATA_ERRORS[wanted.error.removeprefix(OF_DATA)].answer(f"{dice.getrandbits(128):032x}")
        answer.headers.update(wanted.headers)
        return answer
    if wanted.error:
        known = CATALOGUE[wanted.error]
        status, body = known.status, {"error": known.text.format_map(_Left(wanted.values)), **known.more}
        return web.Response(status=status, body=encode(body), headers=wanted.headers, content_type="application/json")
    written = wanted.body.encode() if wanted.body is not None else encode({"error": wanted.text})
    kind = None if "Content-Type" in wanted.headers else "application/json"
    return web.Response(status=wanted.status or 500, body=written, headers=wanted.headers, content_type=kind)


def body_of(answer: Answer) -> bytes | None:
    """None for what is no ordinary answer, a socket's handshake."""
    if not isinstance(answer, web.Response):
        return None
    return bytes(answer.body) if isinstance(answer.body, bytes | bytearray) else b""


def with_body(answer: Answer, body: bytes) -> web.Response:
    """The same answer with another body."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return web.Response(status=answer.status, body=body, headers=headers)


def garbled_answer(answer: Answer, dice: random.Random) -> Answer:
    body = body_of(answer)
    return answer if body is None else with_body(answer, garbled(body, dice))


def truncated_answer(answer: Answer, keep: float) -> Answer:
    body = body_of(answer)
    return answer if body is None else with_body(answer, body[: int(len(body) * keep)])


def garbled(body: bytes, dice: random.Random) -> bytes:
    """With bytes that belong in no text, at random places."""
    spoilt = bytearray(body)
    for _ in range(1 + len(body) // _GRAIN):
        spoilt.insert(dice.randrange(len(spoilt) + 1), 0xFF)
    return bytes(spoilt)


def garbled_text(text: str, dice: random.Random) -> str:
    """The same for a frame, which must be text: replacement characters, controls, a cut in the middle."""
    spoilt = list(text)
    for _ in range(1 + len(text) // _GRAIN):
        spoilt.insert(dice.randrange(len(spoilt) + 1), dice.choice('\x00\ufffd\x1b}{"'))
    return "".join(spoilt)


def other_hash(true: str) -> str:
    """As long, and another one."""
    return hashlib.sha1(true.encode()).hexdigest()  # noqa: S324 - the venue's hashes are SHA-1
