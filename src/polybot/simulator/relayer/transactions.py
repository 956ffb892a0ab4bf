"""What the relayer was given, from its acceptance to its end on chain."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from polybot.core.ids import Wallet
from polybot.polymarket.wallets import checksum
from polybot.simulator.chain.contracts import Reverted
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.blocks import block_at, block_ns
from polybot.simulator.relayer.options import RelayerOptions
from polybot.simulator.worlds.houses import dice

RELAY = checksum("0x" + "7e1a" * 10)
"""Who pays the gas."""
Effect = Callable[[str], None]
"""What the transaction does when it is mined, given its hash; Reverted if nothing."""


class State(StrEnum):
    NEW = "STATE_NEW"
    EXECUTED = "STATE_EXECUTED"
    MINED = "STATE_MINED"
    CONFIRMED = "STATE_CONFIRMED"
    FAILED = "STATE_FAILED"
    INVALID = "STATE_INVALID"


ENDED = frozenset({State.CONFIRMED, State.FAILED, State.INVALID})


@dataclass(slots=True)
class Relayed:
    """One transaction; `hash` is "" before it was broadcast, `error` why it FAILED or was found INVALID."""

    id: str
    kind: str
    sender: str
    wallet: Wallet
    to: str
    data: str
    nonce: str
    signature: str
    metadata: str
    created_ns: int
    updated_ns: int
    state: State = State.NEW
    hash: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What to relay: `check` says at broadcast why it cannot go ("" if it can), `effect` happens in its block."""

    kind: str
    sender: str
    wallet: Wallet
    to: str
    effect: Effect
    check: Callable[[], str]
    data: str = "0x"
    nonce: str = ""
    signature: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Doom:
    """How the next transaction ends instead of succeeding."""

    state: State
    error: str


class Node(Protocol):
    """Where transactions are seen: the first one when it is broadcast, the second when it is mined."""

    def relay(self, tx: str, *, sender: str, to: str, data: bytes) -> None: ...
    def settle(self, tx: str, *, succeeded: bool) -> None: ...


class Unseen:
    """No chain looks on."""

    def relay(self, tx: str, *, sender: str, to: str, data: bytes) -> None: ...
    def settle(self, tx: str, *, succeeded: bool) -> None: ...


class Transactions:
    """One at a time for each wallet. Names and hashes are the same in every run with the same seed and script."""

    def __init__(self, agenda: Agenda, *, options: RelayerOptions, seed: int) -> None:
        self.doom: Doom | None = None
        self.node: Node = Unseen()
        self._agenda = agenda
        self._options = options
        self._dice = dice(seed, of="relayer")
        self._by_id: dict[str, Relayed] = {}
        self._active: dict[Wallet, Relayed] = {}

    def find(self, id_: str) -> Relayed | None:
        return self._by_id.get(id_)

    def active(self, wallet: Wallet) -> Relayed | None:
        """The transaction of this wallet that has not ended."""
        return self._active.get(wallet)

    def begin(self, request: Request) -> Relayed:
        now_ns = self._agenda.now_ns
        made = Relayed(
            id=str(uuid.UUID(int=self._dice.getrandbits(128), version=4)),
            kind=request.kind,
            sender=request.sender,
            wallet=request.wallet,
            to=request.to,
            data=request.data,
            nonce=request.nonce,
            signature=request.signature,
            metadata=request.metadata,
            created_ns=now_ns,
            updated_ns=now_ns,
        )
        self._by_id[made.id] = self._active[made.wallet] = made
        doom, self.doom = self.doom, None
        self._agenda.after(self._options.broadcast_s, lambda: self._broadcast(made, request, doom))
        return made

    def _broadcast(self, sent: Relayed, request: Request, doom: Doom | None) -> None:
        if doom and doom.state is State.INVALID:
            self._end(sent, State.INVALID, error=doom.error)
            return
        if wrong := request.check():
            self._end(sent, State.INVALID, error=wrong)
            return
        sent.hash = f"0x{self._dice.getrandbits(256):064x}"
        to = sent.wallet if sent.kind == "SAFE" else sent.to
        self.node.relay(sent.hash, sender=RELAY, to=to, data=bytes.fromhex(sent.data[2:]))
        self._move(sent, State.EXECUTED)
        next_block = block_at(self._agenda.now_ns) + 1
        self._agenda.at(block_ns(next_block), lambda: self._mine(sent, request, doom))

    def _mine(self, sent: Relayed, request: Request, doom: Doom | None) -> None:
        failure = doom.error if doom else _outcome(request.effect, sent.hash)
        self.node.settle(sent.hash, succeeded=not failure)
        if failure:
            self._end(sent, State.FAILED, error=failure)
            return
        self._move(sent, State.MINED)
        done = block_ns(block_at(self._agenda.now_ns) + self._options.confirmations)
        self._agenda.at(done, lambda: self._end(sent, State.CONFIRMED))

    def _move(self, sent: Relayed, state: State) -> None:
        sent.state = state
        sent.updated_ns = self._agenda.now_ns

    def _end(self, sent: Relayed, state: State, *, error: str = "") -> None:
        sent.error = error
        self._move(sent, state)
        self._active.pop(sent.wallet, None)


def _outcome(effect: Effect, tx: str) -> str:
    """Why it reverted; "" if it did not."""
    try:
        effect(tx)
    except Reverted as reverted:
        return f"execution reverted: {reverted}"
    return ""
