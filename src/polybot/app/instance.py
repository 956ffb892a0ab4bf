"""One bot per configuration folder: two would copy everything twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another bot works on this folder."""


@contextmanager
def only_instance(folder: Path) -> Iterator[None]:
    """Held by the process itself, so a crash releases it."""
    path = folder / "polybot.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"a bot is already running on {folder.resolve()}; type `polybot status`, or `polybot stop` to end it"
            ) from None
        yield
