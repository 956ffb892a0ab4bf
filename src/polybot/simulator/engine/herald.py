"""Who hears of what happens."""

from typing import get_args

from polybot.simulator.engine.model import Event, Listener


class Herald:
    def __init__(self) -> None:
        self._listeners: dict[type[Event], list[Listener]] = {kind: [] for kind in get_args(Event)}

    def heard_by(self, listener: Listener, *kinds: type[Event]) -> None:
        """Of these kinds of events, of all if none are named; those who came first hear first."""
        for kind in kinds or self._listeners:
            self._listeners[kind].append(listener)

    def tell(self, event: Event) -> None:
        for listener in self._listeners[type(event)]:
            listener(event)
