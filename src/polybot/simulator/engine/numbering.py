"""Ids, hashes and row numbers: made of the seed and of counts alone, so that every run makes the same ones."""

import hashlib
import uuid

from polybot.core.ids import OrderId, TradeId
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.blocks import block_at

_ROWS_PER_BLOCK = 10**10
"""As in the cursors of Polymarket's Data API."""


class Numbering:
    def __init__(self, *, seed: int, agenda: Agenda) -> None:
        self._seed = seed
        self._agenda = agenda
        self._block = 0
        self._rows = 0

    def next_sequence(self) -> int:
        """Numbers the rows of the public feeds: by block, and within it by order."""
        block = block_at(self._agenda.now_ns)
        if block != self._block:
            self._block, self._rows = block, 0
        self._rows += 1
        return block * _ROWS_PER_BLOCK + self._rows

    def trade_id(self, number: int) -> TradeId:
        return TradeId(str(uuid.UUID(bytes=self._digest("trade", number)[:16], version=4)))

    def tx(self, number: int, *, attempt: int) -> str:
        """Every attempt of a trade is another transaction."""
        return "0x" + self._digest(f"tx{attempt or ''}", number).hex()

    def payout_tx(self, sequence: int) -> str:
        return "0x" + self._digest("payout", sequence).hex()

    def house_order(self, number: int, leg: int) -> OrderId:
        """The order the house would have had in a trade; -1 is the taker's."""
        return OrderId("0x" + self._digest(f"house{leg}", number).hex())

    def _digest(self, kind: str, number: int) -> bytes:
        return hashlib.blake2b(f"{self._seed}:{kind}:{number}".encode(), digest_size=32).digest()
