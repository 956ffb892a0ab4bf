"""What happened, as JSON lines, and a script that makes the same strikes happen again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from polybot.simulator.faults.engine import Tell
from polybot.simulator.faults.kinds import AnyFault
from polybot.simulator.faults.script import ScriptRefused, parse_script

_CHANCE = ("probability", "skip", "count", "hits")


class Recorder:
    """Writes each thing that it is told as one line; the first line says which seed the run had."""

    def __init__(self, file: IO[bytes], *, seed: int) -> None:
        self._file = file
        self._encoder = msgspec.json.Encoder()
        self.tell({"what": "run", "seed": seed})

    def tell(self, line: Mapping[str, Any]) -> None:
        self._file.write(self._encoder.encode(line) + b"\n")


@contextmanager
def recorded(path: Path | None, *, seed: int) -> Iterator[Tell | None]:
    """What to tell of a run, if it is to be recorded. OSError if the file cannot be written."""
    if path is None:
        yield None
        return
    with path.open("wb") as file:
        yield Recorder(file, seed=seed).tell


class _Line(msgspec.Struct):
    """What of a recording's lines matters for a replay."""

    what: str
    seed: int = 0
    number: int = 0
    armed_s: float = 0.0
    script: dict[str, Any] = {}
    fault: int = 0
    ordinal: int = 0


def read_recording(path: Path) -> tuple[int, list[AnyFault]]:
    """The seed of a recorded run, and its faults with the very opportunities they struck, counted as then.

    OSError if it cannot be read, ScriptRefused naming the line that is no recording.
    """
    seed, faults, hits = 0, list[_Line](), defaultdict[int, list[int]](list)
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        line = _parsed(raw, f"{path}:{number}")
        match line.what:
            case "run":
                seed = line.seed
            case "fault":
                faults.append(line)
            case "strike":
                hits[line.fault].append(line.ordinal)
            case _:
                pass
    scripts = [_exactly(fault, hits[fault.number]) for fault in faults]
    return seed, parse_script(msgspec.json.encode(scripts).decode(), name=str(path))


def _parsed(raw: bytes, place: str) -> _Line:
    try:
        return msgspec.json.decode(raw, type=_Line)
    except msgspec.MsgspecError as wrong:
        raise ScriptRefused(f"{place}: is no line of a recording: {wrong}") from None


def _exactly(fault: _Line, hits: list[int]) -> dict[str, Any]:
    """A fault that was posted during the run counts from then on."""
    script = {name: value for name, value in fault.script.items() if name not in _CHANCE}
    return {**script, "after_s": script.get("after_s", 0) + fault.armed_s, "hits": hits}
