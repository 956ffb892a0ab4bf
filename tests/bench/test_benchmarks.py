"""Every benchmark runs, in this interpreter and as briefly as can be. No times are judged here."""

import json
import sys
from pathlib import Path

import pytest
from bench.__main__ import report
from bench.harness import Result

from bench import frames, matching, orders, path

PYTHON = sys.executable


def judge(result: Result) -> None:
    """Every side has a positive time in every table."""
    assert result.tables
    for title, rows in result.tables.items():
        assert set(rows) == set(result.versions), title
        assert all(value > 0 for row in rows.values() for value in row.values()), title


def test_building_orders_is_measured() -> None:
    judge(orders.run(PYTHON, PYTHON, rounds=1, samples=1))


def test_reading_frames_is_measured() -> None:
    judge(frames.run(PYTHON, rounds=1, samples=1))


def test_the_whole_path_is_measured_and_nothing_is_asked_on_the_way() -> None:
    result = path.run(PYTHON, PYTHON, rounds=1, fills=2, warm_up=2)
    judge(result)
    assert result.notes[0] == "polybot: 6 orders; between fill and order 0 other HTTP requests and 0 new connections"


def test_the_venue_is_measured_within_a_process() -> None:
    [row] = matching.run(rounds=1, orders=100).tables["orders in-process"].values()
    assert row["orders/s"] > 0


def test_the_report_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {"polybot": {"p50": 10.0, "p99": 20.0, "ratio": 1.0}, "other": {"p50": 85.0, "p99": 99.0, "ratio": 8.5}}
    result = Result({"polybot": {"msgspec": "1"}, "other": {}}, {"a table": rows}, ("a note",))
    report(["one"], {"one": lambda: result}, json_path=tmp_path / "found.json")
    printed = capsys.readouterr().out
    assert "8.5x" in printed
    assert "a note" in printed
    assert json.loads((tmp_path / "found.json").read_text())["results"]["one"]["tables"]["a table"] == rows
