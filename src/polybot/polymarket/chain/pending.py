"""Matches before they are mined: the calldata of `matchOrders`, a hint that may fail or revert.

Polymarket's operators send it straight to the exchange; nine of ten are seen in the mempool before they are mined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.events import EXCHANGES
from polybot.polymarket.chain.hexes import WORD

_V2_MATCH, _V3_MATCH = "0x3c2b4399", "0x0fb25ba4"
_SELECTOR = len(_V2_MATCH)
_MAKER, _TOKEN, _MAKING, _TAKING, _SIDE = 1, 3, 4, 5, 6


class PendingTransaction(msgspec.Struct, frozen=True):
    """As `newPendingTransactions` with full objects tells it."""

    hash: str
    input: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class PendingFill:
    """What a wallet's order would get if the match is mined as it was sent; `usdc` without fees."""

    exchange: str
    wallet: Wallet
    taker: bool
    side: Side
    token: TokenId
    shares: Shares
    usdc: Usdc
    tx: str


@dataclass(frozen=True, slots=True)
class _Order:
    wallet: Wallet
    token: TokenId
    making: int
    taking: int
    side: Side


def decode_match(pending: PendingTransaction) -> list[PendingFill]:
    """The makers' fills and then the taker's; empty for any other transaction. ValueError if it is malformed."""
    exchange = (pending.to or "").lower()
    if exchange not in EXCHANGES or not pending.input.startswith((_V2_MATCH, _V3_MATCH)):
        return []
    data = pending.input[_SELECTOR:]
    head = 1 if pending.input.startswith(_V2_MATCH) else 0  # V2 names the condition first
    fills_at = head + 3 if head else 2  # and has the taker's fill before the makers'
    taker = _order(data, _word(data, head))
    makers = _orders(data, _word(data, head + 1))
    amounts = _array(data, _word(data, fills_at))
    if len(amounts) != len(makers):
        raise ValueError(f"{len(amounts)} fills for {len(makers)} makers")
    parts = [_part(order, amount) for order, amount in zip(makers, amounts, strict=True)]
    mine = _taker_part(taker, makers, parts)
    both = [*zip(makers, parts, strict=True), (taker, mine)]
    return [
        PendingFill(exchange, order.wallet, order is taker, order.side, order.token, *part, pending.hash.lower())
        for order, part in both
    ]


def _part(order: _Order, fill: int) -> tuple[Shares, Usdc]:
    """A fill counts what the order gives; what it gets is rounded down, as the contract does."""
    if not order.making:
        raise ValueError(f"the order of {order.wallet} gives nothing")
    got = fill * order.taking // order.making
    return (Shares(got), Usdc(fill)) if order.side is Side.BUY else (Shares(fill), Usdc(got))


def _taker_part(taker: _Order, makers: Sequence[_Order], parts: Sequence[tuple[Shares, Usdc]]) -> tuple[Shares, Usdc]:
    """At the makers' prices; a maker on the same side holds the other token, whose price complements."""
    shares = sum(part[0].micro for part in parts)
    usdc = sum(
        part[0].micro - part[1].micro if maker.side is taker.side else part[1].micro
        for maker, part in zip(makers, parts, strict=True)
    )
    return Shares(shares), Usdc(usdc)


def _word(data: str, index: int, *, base: int = 0) -> int:
    """`base` counts bytes, as ABI offsets do."""
    start = 2 * base + index * WORD
    digits = data[start : start + WORD]
    if len(digits) != WORD:
        raise ValueError(f"calldata ends before word {index} at byte {base}")
    return int(digits, 16)


def _order(data: str, base: int) -> _Order:
    return _Order(
        wallet=Wallet(f"0x{_word(data, _MAKER, base=base):040x}"),
        token=TokenId(str(_word(data, _TOKEN, base=base))),
        making=_word(data, _MAKING, base=base),
        taking=_word(data, _TAKING, base=base),
        side=Side.SELL if _word(data, _SIDE, base=base) else Side.BUY,
    )


def _orders(data: str, base: int) -> list[_Order]:
    start = base + WORD // 2
    return [_order(data, start + offset) for offset in _array(data, base)]


def _array(data: str, base: int) -> list[int]:
    return [_word(data, 1 + i, base=base) for i in range(_word(data, 0, base=base))]
