"""Which of the rooms' errors are a person's to act on, and what they should type next."""

from polybot.cli.exits import Exit, Failure
from polybot.config.errors import ConfigError, LiveRefused
from polybot.ports.store import StoreFailed
from polybot.utils.redaction import redactor

_BY_NAME = {
    "AlreadyRunning": (Exit.REFUSED, "`polybot status`, or `polybot stop` to end it"),
    "AccountRefused": (Exit.REFUSED, "`polybot config explain your_account`"),
    "CannotStart": (Exit.REFUSED, "`polybot test-connection`"),
    "OtherAccount": (Exit.REFUSED, "`polybot init DIR` for a folder of its own, or `polybot config explain storage`"),
    "TapeError": (Exit.FAILED, "the same without --tape, or with another recording"),
    "RequestFailed": (Exit.FAILED, "`polybot test-connection`"),
    "RpcError": (Exit.FAILED, "`polybot config explain endpoints.rpc`"),
    "SetupStopped": (Exit.FAILED, "`polybot setup`, which goes on from what the chain shows"),
    "TargetUnknown": (Exit.CONFIG, "`polybot accounts`, and repair accounts.yaml"),
}
"""Errors of the running bot, by name: importing them would import the whole bot."""


def failure_of(error: Exception) -> Failure | None:
    """None for what is polybot's own fault: that deserves its traceback."""
    text = redactor.text(str(error))
    match error:
        case Failure():
            return error
        case ConfigError():
            return Failure(Exit.CONFIG, _listed("the configuration cannot be used", text), then=_REPAIR)
        case LiveRefused():
            return Failure(Exit.REFUSED, _listed("live trading does not start", text), then="`polybot start --paper`")
        case StoreFailed():
            return Failure(Exit.FAILED, text, then="`polybot config explain storage`")
    for kind in type(error).__mro__:
        if kind.__module__.startswith("polybot.") and kind.__name__ in _BY_NAME:
            code, then = _BY_NAME[kind.__name__]
            return Failure(code, text, then=then)
    return None


_REPAIR = "repair these, then `polybot config validate`"


def _listed(head: str, lines: str) -> str:
    return head + "".join(f"\n  - {line}" for line in lines.splitlines())
