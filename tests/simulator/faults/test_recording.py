"""What a serving simulator records, and what a replay makes of it."""

from pathlib import Path

import msgspec
from faulty import Faulty

from polybot.simulator.faults.recording import read_recording, recorded


async def test_requests_frames_and_strikes_are_recorded(venue: Faulty, tmp_path: Path) -> None:
    record = tmp_path / "run.jsonl"
    with recorded(record, seed=4) as tell:
        venue.running.simulator.listen(tell)
        await venue.running.advance(60)
        await venue.arm("refuse", status=500, probability=0.5, scope={"path": "/time"}, for_s=600)
        statuses = [(await venue.get("/time"))[0] for _ in range(20)]
        async with venue.market():
            pass
        venue.running.simulator.listen(None)
    lines = [msgspec.json.decode(line) for line in record.read_bytes().splitlines()]
    assert [line["status"] for line in lines if line.get("path") == "/time" and line["what"] == "request"] == statuses
    assert any(line["socket"].startswith("market:") for line in lines if line["what"] == "frame")
    struck = [number for number, status in enumerate(statuses, start=1) if status == 500]
    assert [line["ordinal"] for line in lines if line["what"] == "strike"] == struck


async def test_a_replay_strikes_the_same_requests(venue: Faulty, tmp_path: Path) -> None:
    record = tmp_path / "run.jsonl"
    with recorded(record, seed=4) as tell:
        venue.running.simulator.listen(tell)
        await venue.arm("refuse", status=500, probability=0.5, scope={"path": "/time"})
        statuses = [(await venue.get("/time"))[0] for _ in range(20)]
        venue.running.simulator.listen(None)
    await venue.control("DELETE", "/faults")
    _, script = read_recording(record)
    venue.running.simulator.faults.arm(fault.model_copy(update={"after_s": 0.0}) for fault in script)
    assert [(await venue.get("/time"))[0] for _ in range(20)] == statuses


async def test_a_fault_that_was_posted_late_counts_from_then(venue: Faulty, tmp_path: Path) -> None:
    record = tmp_path / "run.jsonl"
    with recorded(record, seed=4) as tell:
        venue.running.simulator.listen(tell)
        await venue.running.advance(60)
        await venue.arm("drop", after_s=5, for_s=10)
        venue.running.simulator.listen(None)
    _, (late,) = read_recording(record)
    assert 65 <= late.after_s < 70
    assert (late.for_s, late.hits) == (10, ())
