"""From a text frame to events: one JSON object or an array of them; nothing in it is fatal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from polybot.ports.telemetry import Telemetry

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A well-formed event of a kind or shape this program does not know; `detail` names the field."""

    event_type: str
    detail: str


class _Kind(msgspec.Struct, frozen=True):
    event_type: str = ""


class EventDecoder(Generic[E]):
    """`union` is a union of structs tagged by `event_type`."""

    def __init__(self, union: Any, *, stream: str, telemetry: Telemetry) -> None:  # noqa: ANN401 - a union type
        self._all = msgspec.json.Decoder(union | list[union])
        self._one: msgspec.json.Decoder[E] = msgspec.json.Decoder(union)
        self._stream = stream
        self._telemetry = telemetry

    def decode(self, text: str) -> Sequence[E | Unrecognised]:
        """Counts what it cannot read (`frames_refused{stream, reason}`): garbage is skipped, a strange event is
        handed on without spoiling its neighbours."""
        try:
            found = self._all.decode(text)
        except msgspec.ValidationError:
            return self._one_by_one(text)
        except msgspec.DecodeError:
            self._count("not_json")
            return ()
        return found if isinstance(found, list) else (found,)

    def _one_by_one(self, text: str) -> Sequence[E | Unrecognised]:
        try:
            parts = msgspec.json.decode(text, type=list[msgspec.Raw])
        except msgspec.ValidationError:
            parts = [msgspec.Raw(text.encode())]
        return [self._attempt(part) for part in parts]

    def _attempt(self, raw: msgspec.Raw) -> E | Unrecognised:
        try:
            return self._one.decode(raw)
        except msgspec.ValidationError as error:
            kind = _kind(raw)
            self._count("unknown_event")
            return Unrecognised(kind, str(error))

    def _count(self, reason: str) -> None:
        self._telemetry.count("frames_refused", stream=self._stream, reason=reason)


def _kind(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=_Kind).event_type
    except msgspec.ValidationError:
        return ""
