"""Where targets' fills come from."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet


class FillSource(Protocol):
    """One feed of fills. `batches` yields rows in the feed's order; rows of one answer come in one batch.

    `authoritative` sources list every fill of a transaction in one batch, so that equal rows in it are
    different fills; others may repeat a row, so a second equal row from them needs a witness. `name` is unique.
    """

    name: str
    kind: SourceKind
    authoritative: bool

    def batches(self) -> AsyncIterator[Sequence[ObservedFill]]: ...

    def healthy(self) -> bool:
        """Whether the feed is believed to show everything now."""
        ...


class Witness(Protocol):
    """Asks the authoritative source about one wallet, at once."""

    def ask(self, wallet: Wallet) -> None: ...
