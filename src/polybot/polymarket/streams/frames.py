"""From a text frame to events: one JSON object or an array of them; nothing in it is fatal."""

from collections.abc import Mapping, Sequence
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
    type: str = ""


class EventDecoder(Generic[E]):
    """`union` is a union of structs tagged by `event_type`; `by_type` says what an event without it is, by `type`."""

    def __init__(
        self,
        union: Any,  # noqa: ANN401 - a union type
        *,
        stream: str,
        telemetry: Telemetry,
        by_type: Mapping[str, type[E]] | None = None,
    ) -> None:
        self._all = msgspec.json.Decoder(union | list[union])
        self._one: msgspec.json.Decoder[E] = msgspec.json.Decoder(union)
        self._by_type = by_type or {}
        self._stream = stream
        self._telemetry = telemetry

    def decode(self, text: str) -> Sequence[E | Unrecognised]:
        """Counts what it cannot read (`frames_refused{stream, reason}`): garbage is skipped, a strange event is
        handed on without spoiling its neighbours."""
        try:
            return self._decode(text)
        except (msgspec.DecodeError, RecursionError):
            self._count("not_json")
            return ()

    def _decode(self, text: str) -> Sequence[E | Unrecognised]:
        try:
            found = self._all.decode(text)
        except msgspec.ValidationError:
            return self._one_by_one(text)
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
            return self._untagged(raw, str(error))

    def _untagged(self, raw: msgspec.Raw, detail: str) -> E | Unrecognised:
        kind = _kind(raw)
        shape = None if kind.event_type else self._by_type.get(kind.type)
        if shape is not None:
            try:
                return msgspec.json.decode(raw, type=shape)
            except msgspec.ValidationError as error:
                detail = str(error)
        self._count("unknown_event")
        return Unrecognised(kind.event_type, detail)

    def _count(self, reason: str) -> None:
        self._telemetry.count("frames_refused", stream=self._stream, reason=reason)


def _kind(raw: msgspec.Raw) -> _Kind:
    try:
        return msgspec.json.decode(raw, type=_Kind)
    except msgspec.ValidationError:
        return _Kind()
