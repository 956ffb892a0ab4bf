"""A run can be repeated to the byte, and its strikes replayed from its record."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import polybot
from polybot.simulator.faults.recording import read_recording, recorded
from polybot.simulator.faults.script import ScriptRefused, parse_script
from polybot.simulator.rehearsal import Rehearsal, rehearse

SCRIPT = """
- {fault: retry, probability: 0.2, retries: 2}
- {fault: match_then_fail, probability: 0.1}
- {fault: partial, probability: 0.1, share: 0.3}
- {fault: drop, probability: 0.02}
- {fault: reorder_frames, probability: 0.01}
- {fault: garble_frame, probability: 0.01, scope: {service: user}}
- {fault: delay_frames, probability: 0.001, lasts_s: 5}
- {fault: missing_rows, probability: 0.05}
- {fault: reorg, after_s: 60, every_s: 100}
"""
SECONDS = 200.0
BY_HAND = "`polybot simulate --rehearse 1h` in both prints the same digests"
ELSEWHERE = (
    "import sys; from polybot.simulator.faults.script import parse_script;"
    "from polybot.simulator.rehearsal import rehearse;"
    "r = rehearse(seconds=float(sys.argv[1]), seed=5, faults=parse_script(sys.argv[2]));"
    "print(r.frames_sha256, r.ledger_sha256)"
)


def run(record: Path | None = None, *, seed: int = 5) -> Rehearsal:
    with recorded(record, seed=seed) as tell:
        return rehearse(seconds=SECONDS, seed=seed, faults=parse_script(SCRIPT), tell=tell)


@pytest.fixture(scope="module")
def once() -> Rehearsal:
    return run()


def elsewhere(python: str, *, hash_seed: str) -> list[str]:
    """The digests of the same run in another interpreter."""
    source = str(Path(polybot.__file__).parents[1])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": source}
    command = [python, "-c", ELSEWHERE, str(SECONDS), SCRIPT]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


def test_something_happens_and_nothing_is_lost(once: Rehearsal) -> None:
    assert once.frames > 1000
    assert once.strikes > 10
    assert once.fills > 5
    assert once.imbalance == ""


def test_another_process_that_hashes_otherwise_comes_to_the_same_bytes(once: Rehearsal) -> None:
    assert elsewhere(sys.executable, hash_seed="77") == [once.frames_sha256, once.ledger_sha256]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_other_interpreters_come_to_the_same_bytes(once: Rehearsal, version: str) -> None:
    python = shutil.which(f"python{version}")
    if python is None or f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        pytest.skip(f"no other Python {version} here: {BY_HAND}")
    known = subprocess.run([python, "-c", "import msgspec, aiohttp, coincurve, rlp"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip(f"{python} has not what polybot needs: {BY_HAND}")
    assert elsewhere(python, hash_seed="0") == [once.frames_sha256, once.ledger_sha256]


def test_another_seed_is_another_day(once: Rehearsal) -> None:
    other = run(seed=6)
    assert other.frames_sha256 != once.frames_sha256
    assert other.ledger_sha256 != once.ledger_sha256


def test_a_record_replays_the_same_strikes_and_bytes(tmp_path: Path, once: Rehearsal) -> None:
    record = tmp_path / "run.jsonl"
    assert run(record) == once
    seed, script = read_recording(record)
    assert seed == 5
    assert all(fault.hits is not None for fault in script)
    assert rehearse(seconds=SECONDS, seed=seed, faults=script) == once


def test_a_record_holds_what_was_told(tmp_path: Path, once: Rehearsal) -> None:
    record = tmp_path / "run.jsonl"
    run(record)
    lines = [json.loads(line) for line in record.read_bytes().splitlines()]
    assert lines[0] == {"what": "run", "seed": 5}
    assert sum(line["what"] == "strike" for line in lines) == once.strikes
    strike = next(line for line in lines if line["what"] == "strike")
    assert set(strike) == {"what", "at_ns", "fault", "kind", "subject", "ordinal"}


def test_a_file_that_is_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nonsense\n")
    with pytest.raises(ScriptRefused, match="x:1: is no line of a recording"):
        read_recording(tmp_path / "x")
