"""A Unix socket beside the store: ringing it makes a running bot read its command rows at once.

The bell carries no data. Where there is no such socket (another host, another system) commands are found by polling.
"""

import asyncio
from pathlib import Path

import structlog

from polybot.utils.feed import Doorbell

log = structlog.get_logger(__name__)

_NAME = "polybot.sock"
_CONNECT_S = 1.0


def bell_path(folder: Path) -> Path:
    return folder / _NAME


async def ring(folder: Path) -> bool:
    """False if nobody listens there."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_unix_connection(bell_path(folder))
    except (OSError, TimeoutError, NotImplementedError):
        return False
    writer.close()
    return True


async def listen(folder: Path, bell: Doorbell) -> None:
    """Long-lived: every connection rings `bell`. Only this user may connect."""
    path = bell_path(folder)
    path.unlink(missing_ok=True)
    try:
        server = await asyncio.start_unix_server(lambda _, writer: _rung(bell, writer), path)
    except (OSError, NotImplementedError) as error:
        log.info("doorbell.none", path=str(path), error=str(error))
        await asyncio.Event().wait()
        return
    path.chmod(0o600)
    try:
        async with server:
            await server.serve_forever()
    finally:
        path.unlink(missing_ok=True)


def _rung(bell: Doorbell, writer: asyncio.StreamWriter) -> None:
    bell.ring()
    writer.close()
