"""The wallet as its owner's key moves it: calls of contracts go out, proofs of what became of them come back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from polybot.ports.venue import NoAnswer


@dataclass(frozen=True, slots=True)
class Call:
    """One contract call by the wallet. `words` say to a person what it does; `value` is in wei."""

    target: str
    data: bytes
    words: str
    value: int = 0


class Standard(StrEnum):
    """ERC20: a spender may take money. ERC1155: an operator may move all outcome shares."""

    ERC20 = "ERC20"
    ERC1155 = "ERC1155"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a wallet grants to a contract: `spender` may move its `token`."""

    standard: Standard
    token: str
    spender: str


@dataclass(frozen=True, slots=True)
class TransactionRef:
    """`id` is what its carrier calls it: the relayer's id, or the transaction's hash."""

    id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """On its way; not yet done."""

    ref: TransactionRef


@dataclass(frozen=True, slots=True)
class Refused:
    """Proven: it was not taken. `remedy` is what the person may do."""

    code: str
    detail: str
    remedy: str = ""

    @property
    def said(self) -> str:
        return f"{self.detail}; {self.remedy}" if self.remedy else self.detail


@dataclass(frozen=True, slots=True)
class Later:
    """Proven: it was not taken, because something else is under way, perhaps an earlier try of the same. Look at the
    chain before trying again."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No proof either way. Look at the chain before trying again: what was sent is bound to its nonce, so if it is
    taken late, the next try is not."""

    cause: str


Submission = Accepted | Refused | Later | Unknown


@dataclass(frozen=True, slots=True)
class Done:
    """Final. `tx` is the transaction's hash."""

    tx: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Final: it changed nothing."""

    detail: str


@dataclass(frozen=True, slots=True)
class Pending:
    state: str


Outcome = Done | Failed | Pending | NoAnswer


class WalletDesk(Protocol):
    """Moves one wallet. No method raises for what a service did or failed to do, but where it says so."""

    @property
    def calls_at_once(self) -> int:
        """How many calls one transaction can hold: all happen or none."""
        ...

    async def deployed(self) -> bool:
        """Whether the wallet exists on chain. RequestFailed without an answer."""
        ...

    async def deploy(self) -> Submission: ...

    async def preview(self, calls: Sequence[Call]) -> Mapping[str, object]:
        """Exactly what `send` would sign now, as JSON values. Signs nothing. RequestFailed without an answer."""
        ...

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        """One attempt."""
        ...

    async def outcome(self, ref: TransactionRef) -> Outcome: ...
