"""The CLOB's paging: a cursor is the base64 of an offset, the last one `LTE=`."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from polybot.simulator.rest.replies import Answer, refuse, reply

END = "LTE="


def page(rows: Sequence[dict[str, Any]], request: web.Request, *, size: int, **more: object) -> Answer:
    """The page that the request's `next_cursor` asks for; `more` are further fields of the envelope."""
    start = _offset(request.query.get("next_cursor", ""))
    shown = rows[start : start + size]
    following = base64.b64encode(str(start + size).encode()).decode() if len(rows) > start + size else END
    return reply({"limit": size, "next_cursor": following, "count": len(shown), "data": shown, **more})


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        start = int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        start = -1
    if start < 0:
        raise refuse(400, "Next item should be greater than or equal to 0")
    return start
