"""What `polybot simulate` does besides serving: reads what shall go wrong, and rehearses without a server."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from polybot.cli.exits import Exit, Failure
from polybot.simulator.faults.kinds import AnyFault
from polybot.simulator.faults.recording import read_recording, recorded
from polybot.simulator.faults.script import ScriptRefused, read_script
from polybot.simulator.rehearsal import Rehearsal, rehearse
from polybot.utils.garbage import look_for_cycles_less_often

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)([smh])")


def fault_plan(faults: Path | None, replay: Path | None, *, seed: int) -> tuple[int, Sequence[AnyFault]]:
    """The seed and the script to run with: those of the record if there is one."""
    if faults and replay:
        raise Failure(Exit.USAGE, "--faults and --replay exclude each other", then="give one of them")
    try:
        if replay:
            return read_recording(replay)
        return seed, read_script(faults) if faults else ()
    except ScriptRefused as wrong:
        raise Failure(Exit.FAILED, str(wrong), then="docs/simulator.md, faults") from None
    except (OSError, UnicodeDecodeError) as unreadable:
        what = f"cannot read {replay or faults}: {unreadable}"
        raise Failure(Exit.FAILED, what, then="name a file that can be read") from None


def seconds_of(text: str) -> float:
    found = _TIME.fullmatch(text)
    if not found or not float(found[1]):
        raise Failure(Exit.USAGE, f"--rehearse {text!r} is no time", then="write it like 90s, 30m or 24h")
    return float(found[1]) * _UNITS[found[2]]


def rehearsed(*, seconds: float, seed: int, script: Sequence[AnyFault], record: Path | None) -> None:
    """Prints what came of it as one JSON object."""
    look_for_cycles_less_often()
    try:
        outcome = _rehearsal(seconds, seed, script, record)
    except OSError as fault:
        what = f"cannot write the record: {fault}"
        raise Failure(Exit.FAILED, what, then="name a file that can be written") from None
    typer.echo(msgspec.json.encode(dataclasses.asdict(outcome)).decode())


def _rehearsal(seconds: float, seed: int, script: Sequence[AnyFault], record: Path | None) -> Rehearsal:
    with (
        recorded(record, seed=seed) as tell,
        typer.progressbar(length=round(seconds), label="rehearsing", file=typer.get_text_stream("stderr")) as bar,
    ):
        return rehearse(
            seconds=seconds,
            seed=seed,
            faults=script,
            tell=tell,
            passed=lambda done_s: bar.update(round(done_s) - bar.pos),
        )
