"""Structured logs: JSON lines in a rotating file, readable lines on a terminal, secrets in neither."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from polybot.utils.clock import Clock, SystemClock
from polybot.utils.redaction import Redactor, redactor

_MEGABYTE = 1_000_000
_NOISY = frozenset({"warning", "error", "critical"})
_TALKATIVE = ("alembic.", "aiohttp.access")
"""Libraries whose every step is news to nobody; their warnings are kept."""
_REASONS = ("reason", "cause", "code", "error")


class OncePerInterval:
    """Lets a warning with the same event and reason pass once per interval, with the count of those held back."""

    def __init__(self, *, interval_s: float, clock: Clock) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._seen: dict[tuple[str, ...], tuple[float, int]] = {}

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if method not in _NOISY:
            return event
        subject = (method, str(event.get("event")), *(str(event.get(name, "")) for name in _REASONS))
        now = self._clock.monotonic()
        since, held_back = self._seen.get(subject, (now - self._interval_s, 0))
        if now - since < self._interval_s:
            self._seen[subject] = (since, held_back + 1)
            raise structlog.DropEvent
        self._forget_old(now)
        self._seen[subject] = (now, 0)
        if held_back:
            event["held_back"] = held_back
        return event

    def _forget_old(self, now: float) -> None:
        """Keeps the table small: what is silent for ten intervals loses its count."""
        old = [subject for subject, (since, _) in self._seen.items() if now - since > 10 * self._interval_s]
        for subject in old:
            del self._seen[subject]


@dataclass(frozen=True, slots=True)
class LogPlan:
    """Where logs go. `file` None: no file. `terminal` None: nothing on the terminal."""

    level: str = "info"
    file: Path | None = None
    rotate_mb: int = 10
    keep_files: int = 5
    terminal: TextIO | None = field(default_factory=lambda: sys.stderr)
    repeat_interval_s: float = 60


@contextmanager
def logging_to(plan: LogPlan, *, clock: Clock | None = None) -> Iterator[None]:
    """Routes structlog and the standard library's loggers as planned until the block ends. OSError: no such file."""
    shared = _shared_processors()
    handlers = list(_handlers(plan, shared))
    for handler in handlers:
        handler.addFilter(_worth_telling)
    root = logging.getLogger()
    previous = root.handlers[:], root.level
    root.handlers, root.level = handlers, logging.getLevelNamesMapping()[plan.level.upper()]
    limit = OncePerInterval(interval_s=plan.repeat_interval_s, clock=clock or SystemClock())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            limit,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers, root.level = previous
        for handler in handlers:
            handler.close()


def _worth_telling(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith(_TALKATIVE)


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_fields,
    ]


def _redact_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    cleaned = redactor.fields({key: value for key, value in event.items() if not key.startswith("_")})
    return {**event, **cleaned} if isinstance(cleaned, dict) else event


def _handlers(plan: LogPlan, shared: list[Processor]) -> Iterator[logging.Handler]:
    if plan.file is not None:
        plan.file.parent.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            plan.file, maxBytes=plan.rotate_mb * _MEGABYTE, backupCount=plan.keep_files, encoding="utf-8"
        )
        file.setFormatter(_Formatter(structlog.processors.JSONRenderer(default=str), shared, redactor))
        yield file
    if plan.terminal is not None:
        terminal = logging.StreamHandler(plan.terminal)
        colors = plan.terminal.isatty()
        terminal.setFormatter(_Formatter(structlog.dev.ConsoleRenderer(colors=colors), shared, redactor))
        yield terminal


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Cleans the finished line too: secrets may hide in tracebacks and in objects' own text."""

    def __init__(self, renderer: Processor, shared: list[Processor], cleaner: Redactor) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
        self._cleaner = cleaner

    def format(self, record: logging.LogRecord) -> str:
        return self._cleaner.text(super().format(record))
