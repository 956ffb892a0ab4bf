"""What goes wrong with the frames of one socket."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from polybot.simulator.faults import damage
from polybot.simulator.faults.engine import Armed, Faults, Met
from polybot.simulator.faults.kinds import (
    CloseSocket,
    EmptyArray,
    FillAfterCancel,
    FrameFault,
    HashFault,
    PlainFrame,
    ReorderFrames,
    Silence,
    Spell,
    TruncateFrame,
)
from polybot.simulator.faults.subject import Subject

_NS = 1_000_000_000
_CANCELLATION = "order:CANCELLATION"
Act = Callable[[str, Met], Iterable[str]]
"""What is sent in place of a frame of the fault's scope, struck or not."""


class Way(Protocol):
    """Out to a client. `cut` closes it with this code, or without a word."""

    def offer(self, frame: str) -> None: ...
    def cut(self, code: int | None) -> None: ...


class Tap:
    """Where faults get at what a socket is sent; `name` tells its connection from others in a recording."""

    def __init__(self, faults: Faults, way: Way, *, service: str, name: str) -> None:
        self.faults = faults
        self.untold: set[str] = set()
        """Orders with fills that are held back: a cancellation that overtakes them knows of no match."""
        self._way = way
        self._service = service
        self._name = name
        self._acts: dict[Armed, Act] = {}

    def offer(self, frame: str, *, event: str) -> None:
        """`event` is the kind of frame that scopes speak of."""
        if not self.faults.watches(FrameFault):
            self.send(frame)
            return
        if event == _CANCELLATION and self.untold:
            frame = _unmatched(frame, self.untold)
        frames: Iterable[str] = (frame,)
        for met in self.faults.meet(FrameFault, Subject(self._service, event=event, text=frame.lower())):
            act = self._acts.get(met.armed) or self._acts.setdefault(met.armed, _act(met.armed, self))
            frames = [out for one in frames for out in act(one, met)]
        for one in frames:
            self.send(one)

    def send(self, frame: str) -> None:
        """As it is."""
        if self.faults.tell:
            socket, at_ns = f"{self._service}:{self._name}", self.faults.agenda.now_ns
            self.faults.tell({"what": "frame", "at_ns": at_ns, "socket": socket, "text": frame})
        self._way.offer(frame)

    def cut(self, code: int | None) -> None:
        self._way.cut(code)


def _act(armed: Armed, tap: Tap) -> Act:
    match armed.spec:
        case (Spell() | Silence()) as spell:
            return _Spell(tap, lasts_s=spell.lasts_s, keep=spell.fault == "delay_frames")
        case ReorderFrames(patience_s=patience_s):
            return _Swap(tap, patience_s=patience_s)
        case FillAfterCancel(hold_s=hold_s):
            return _HeldFills(tap, hold_s=hold_s)
        case HashFault(fault=kind):
            return _Hashes(stale=kind == "stale_hash")
        case _:
            return lambda frame, met: _at_once(frame, met, tap) if met.ordinal else (frame,)


def _at_once(frame: str, met: Met, tap: Tap) -> Iterable[str]:
    match met.spec:
        case PlainFrame(fault="duplicate_frame"):
            return (frame, frame)
        case PlainFrame(fault="garble_frame"):
            return (damage.garbled_text(frame, met.dice()),)
        case TruncateFrame(keep=keep):
            return (frame[: int(len(frame) * keep)],)
        case EmptyArray(instead=instead):
            return ("[]",) if instead else ("[]", frame)
        case PlainFrame(fault="abrupt_close"):
            tap.cut(None)
        case CloseSocket(code=code):
            tap.cut(code)
        case _:
            pass
    return ()


class _Spell:
    """From a strike on frames are lost, or kept for a burst at the end."""

    def __init__(self, tap: Tap, *, lasts_s: float | None, keep: bool) -> None:
        self._tap = tap
        self._lasts_s = lasts_s
        self._keep = keep
        self._ends_ns: float = 0
        self._held: list[str] = []

    def __call__(self, frame: str, met: Met) -> Iterable[str]:
        agenda = self._tap.faults.agenda
        if met.ordinal:
            self._ends_ns = float("inf") if self._lasts_s is None else agenda.now_ns + round(self._lasts_s * _NS)
        if met.ordinal and self._keep:
            agenda.at(int(self._ends_ns), self._release)
        if agenda.now_ns >= self._ends_ns:
            return (frame,)
        if self._keep:
            self._held.append(frame)
        return ()

    def _release(self) -> None:
        if self._tap.faults.agenda.now_ns >= self._ends_ns:
            held, self._held = self._held, []
            for frame in held:
                self._tap.send(frame)


class _Swap:
    def __init__(self, tap: Tap, *, patience_s: float) -> None:
        self._tap = tap
        self._patience_s = patience_s
        self._held: list[str] = []

    def __call__(self, frame: str, met: Met) -> Iterable[str]:
        if self._held:
            return (frame, self._held.pop())
        if not met.ordinal:
            return (frame,)
        self._held.append(frame)
        self._tap.faults.agenda.after(self._patience_s, lambda: self._release(frame))
        return ()

    def _release(self, frame: str) -> None:
        if self._held and self._held[0] is frame:
            self._tap.send(self._held.pop())


class _HeldFills:
    def __init__(self, tap: Tap, *, hold_s: float) -> None:
        self._tap = tap
        self._hold_s = hold_s

    def __call__(self, frame: str, met: Met) -> Iterable[str]:
        if not met.ordinal:
            return (frame,)
        orders = _orders_of(msgspec.json.decode(frame))
        self._tap.untold.update(orders)
        self._tap.faults.agenda.after(self._hold_s, lambda: self._release(frame, orders))
        return ()

    def _release(self, frame: str, orders: set[str]) -> None:
        self._tap.untold -= orders
        self._tap.send(frame)


class _Hashes:
    """Each asset's hash as it was before (stale), or one that no book has."""

    def __init__(self, *, stale: bool) -> None:
        self._stale = stale
        self._before: dict[str, str] = {}

    def __call__(self, frame: str, met: Met) -> Iterable[str]:
        decoded = msgspec.json.decode(frame)
        found = list(_hashed(decoded))
        for entry in found:
            asset, true = entry["asset_id"], entry["hash"]
            if met.ordinal:
                entry["hash"] = self._before.get(asset, true) if self._stale else damage.other_hash(true)
            self._before[asset] = true
        return (msgspec.json.encode(decoded).decode(),) if found and met.ordinal else (frame,)


def _hashed(frame: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401 - whatever JSON was sent
    """Every object in a frame that carries a book's hash."""
    for event in frame if isinstance(frame, list) else [frame]:
        yield from (entry for entry in (event, *event.get("price_changes", ())) if "hash" in entry)


def _orders_of(event: dict[str, Any]) -> set[str]:
    if event["event_type"] == "order":
        return {event["id"]}
    return {event["taker_order_id"], *(leg["order_id"] for leg in event["maker_orders"])}


def _unmatched(frame: str, untold: set[str]) -> str:
    event = msgspec.json.decode(frame)
    if event["id"] not in untold:
        return frame
    return msgspec.json.encode({**event, "size_matched": "0", "associate_trades": None}).decode()
