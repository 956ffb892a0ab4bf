"""Logs: one JSON object a line, no secret in any of them, no flood of one reason."""

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from polybot.utils.clock import ManualClock
from polybot.utils.logging import LogPlan, logging_to
from polybot.utils.redaction import HIDDEN, Redactor, redactor

CANARY = "0x" + "c0ffee42" * 8


@pytest.fixture
def plan(tmp_path: Path) -> LogPlan:
    return LogPlan(file=tmp_path / "logs" / "polybot.log", terminal=StringIO())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def lines(plan: LogPlan) -> list[dict[str, Any]]:
    assert plan.file is not None
    return [json.loads(line) for line in plan.file.read_text().splitlines()]


def everything(plan: LogPlan) -> str:
    assert plan.file is not None
    assert isinstance(plan.terminal, StringIO)
    return plan.file.read_text() + plan.terminal.getvalue()


def test_an_event_is_one_json_line_with_what_was_bound(plan: LogPlan) -> None:
    with logging_to(plan), structlog.contextvars.bound_contextvars(decision="d1"):
        structlog.get_logger("polybot.x").info("order.sent", order="o1")
    (line,) = lines(plan)
    assert (line["event"], line["order"], line["decision"], line["level"]) == ("order.sent", "o1", "d1", "info")
    assert line["ts"].endswith("Z")


def test_the_standard_library_s_loggers_go_the_same_way(plan: LogPlan) -> None:
    with logging_to(plan):
        logging.getLogger("aiohttp").warning("socket %s", "closed")
    assert lines(plan)[0]["event"] == "socket closed"


def test_less_severe_than_planned_is_not_written(tmp_path: Path) -> None:
    plan = LogPlan(level="warning", file=tmp_path / "log", terminal=None)
    with logging_to(plan):
        structlog.get_logger().info("quiet")
    assert lines(plan) == []


def test_the_file_rotates(tmp_path: Path) -> None:
    plan = LogPlan(file=tmp_path / "log", rotate_mb=1, keep_files=2, terminal=None)
    with logging_to(plan):
        for _ in range(4):
            structlog.get_logger().info("big", text="x" * 600_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]


def test_afterwards_logging_is_as_it_was(plan: LogPlan) -> None:
    before = logging.getLogger().handlers[:]
    with logging_to(plan):
        assert logging.getLogger().handlers != before
    assert logging.getLogger().handlers == before


LEAKS: list[dict[str, Any]] = [
    {"private_key": CANARY},
    {"headers": {"POLY_PASSPHRASE": "canary-pass", "POLY_API_KEY": "canary-api", "POLY_SIGNATURE": "canary-s"}},
    {"body": {"apiKey": "canary-api", "secret": "canary-secret", "deep": [{"passphrase": "canary-p"}]}},
    {"text": f"signing with {CANARY.upper()}"},
    {"text": 'POLY_API_KEY: "canary-api", secret=canary-secret'},
    {"error": ValueError(f"bad key {CANARY}")},
    {"url": "postgresql://me:canary-password@db/x"},
    {"raw": CANARY[2:].encode()},
]


@pytest.mark.parametrize("fields", LEAKS)
def test_no_secret_passes(plan: LogPlan, fields: dict[str, Any]) -> None:
    redactor.register(CANARY)
    with logging_to(plan):
        structlog.get_logger().error("leak", **fields)
    assert HIDDEN in everything(plan)
    assert "canary" not in everything(plan)
    assert CANARY[2:20] not in everything(plan).lower()


def test_no_secret_passes_in_a_traceback_or_a_foreign_message(plan: LogPlan) -> None:
    redactor.register(CANARY)
    with logging_to(plan):
        structlog.get_logger().error("boom", exc_info=RuntimeError(CANARY))
        logging.getLogger("foreign").error("see %s", CANARY)
    assert "RuntimeError" in everything(plan)
    assert CANARY[2:20] not in everything(plan)


def test_public_hashes_and_ids_stay_readable() -> None:
    order = "0x" + "ab" * 32
    fields = {"order": order, "key": "fill-1", "token": "1001", "POLY_ADDRESS": "0x1"}
    assert Redactor().fields(fields) == fields


@pytest.mark.parametrize("advice", ["POLY_PRIVATE_KEY: is not set", "Type `export POLY_PRIVATE_KEY=0x...`"])
def test_our_own_advice_stays_readable(advice: str) -> None:
    assert Redactor().text(advice) == advice


def test_a_secret_too_short_to_be_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Redactor().register("0xabc")


async def test_the_same_reason_is_told_once_per_interval(plan: LogPlan, clock: ManualClock) -> None:
    with logging_to(plan, clock=clock):
        log = structlog.get_logger()
        for _ in range(3):
            log.warning("feed.stale", cause="silence")
        log.warning("feed.stale", cause="garbage")
        await clock.advance(61)
        log.warning("feed.stale", cause="silence")
    assert [(line["cause"], line.get("held_back")) for line in lines(plan)] == [
        ("silence", None),
        ("garbage", None),
        ("silence", 2),
    ]


async def test_information_is_never_held_back(plan: LogPlan, clock: ManualClock) -> None:
    with logging_to(plan, clock=clock):
        for _ in range(3):
            structlog.get_logger().info("order.sent")
    assert len(lines(plan)) == 3
