"""What goes wrong with the rows of the activity socket, before anyone is told."""

from collections.abc import Mapping
from typing import Any

from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.kinds import MissingRows, OldRows, PlainRow, RowFault
from polybot.simulator.faults.subject import Subject
from polybot.simulator.rest.replies import encode

Payload = Mapping[str, Any]
_ENRICHED = ("title", "slug", "eventSlug", "icon", "name", "pseudonym", "bio", "profileImage", "outcome")
_UNKNOWN_OUTCOME = 999


def befallen(faults: Faults, payload: Payload) -> list[Payload]:
    """What is told in place of a row: it, another, two, or nothing."""
    if not faults.watches(RowFault):
        return [payload]
    told = [payload]
    subject = Subject("activity", event="row", text=encode(payload).decode().lower())
    for met in faults.struck(RowFault, subject):
        match met.spec:
            case MissingRows():
                told = []
            case OldRows(age_s=age_s):
                told = [{**row, "timestamp": row["timestamp"] - round(age_s)} for row in told]
            case PlainRow(fault="unenriched_rows"):
                told = [_bare(row) for row in told]
            case _:
                told = [*told, *told]
    return told


def _bare(row: Payload) -> Payload:
    return {**row, **dict.fromkeys(_ENRICHED, ""), "outcomeIndex": _UNKNOWN_OUTCOME}
