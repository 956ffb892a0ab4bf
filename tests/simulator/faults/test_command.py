"""`polybot simulate` with a script, a rehearsal, a record and its replay."""

import json
from pathlib import Path
from typing import Any

import pytest

from polybot.cli.main import main

SCRIPT = "- {fault: drop, probability: 0.05}\n- {fault: retry, probability: 0.3}\n"


def simulate(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and complaints."""
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *map(str, arguments)])
    code = ended.value.code
    return (code if isinstance(code, int) else 0, *capsys.readouterr())


def rehearsed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    code, output, complaints = simulate(capsys, "--rehearse", "2m", *arguments)
    assert code == 0, complaints
    return json.loads(output)


def test_a_rehearsal_is_recorded_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, record = tmp_path / "faults.yaml", tmp_path / "run.jsonl"
    script.write_text(SCRIPT)
    first = rehearsed(capsys, "--seed", "9", "--faults", script, "--record", record)
    assert (first["simulated_s"], first["imbalance"]) == (120, "")
    assert first["strikes"] > 0
    assert rehearsed(capsys, "--replay", record) == first


def test_what_is_wrong_with_a_script_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("- fault: drop\n  chance: 1\n")
    code, _, complaints = simulate(capsys, "--faults", script)
    assert code == 1
    assert "faults.yaml:2: [0].chance (is '1'): is not a known field." in " ".join(complaints.split())


@pytest.mark.parametrize("arguments", [("--rehearse", "2 days"), ("--rehearse", "0s")])
def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, _, complaints = simulate(capsys, *arguments)
    assert code == 2
    assert "write it like 90s, 30m or 24h" in " ".join(complaints.split())


def test_a_record_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complaints = simulate(capsys, "--rehearse", "5s", "--record", tmp_path / "nowhere" / "run.jsonl")
    assert code == 1
    assert "cannot write the record" in complaints


def test_what_a_rehearsal_would_ignore_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, complaints = simulate(capsys, "--rehearse", "5s", "--speed", "2")
    assert code == 2
    assert "--rehearse takes no --tape, --port or --speed" in complaints
