"""Exit codes, stable for scripts, and the errors that carry them."""

from enum import IntEnum


class Exit(IntEnum):
    """2 is the command line parser's own; 130 is Ctrl-C."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    NOTHING = 4
    REFUSED = 5
    INTERRUPTED = 130


class Failure(Exception):
    """A command's end that the person must act on: what happened, and what to type next."""

    def __init__(self, code: Exit, what: str, *, then: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.then = then
