"""Fills as the exchanges' own events tell them: who, in which role, what for how much, with which fee."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket.chain.events import EXCHANGES, ORDER_FILLED
from polybot.polymarket.chain.hexes import data_words, quantity, topic_address
from polybot.polymarket.chain.rpc import Log

_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class ChainFill:
    """One order's part in one match. `side` and `token` are the order's own; `usdc` is without `fee`.

    (`tx`, `log_index`) is unique on one chain; a block that is replaced brings the same fill under the same `tx` and
    another `block_hash`. `counterparty` is the taker's wallet, and for the taker's own row the exchange.
    """

    exchange: str
    order: OrderId
    wallet: Wallet
    counterparty: str
    taker: bool
    side: Side
    token: TokenId
    shares: Shares
    usdc: Usdc
    fee: Usdc
    builder: str
    metadata: str
    tx: str
    log_index: int
    block: int
    block_hash: str
    removed: bool

    @property
    def price(self) -> Price:
        """Average without the fee, to the nearest micro-unit."""
        return Price((2 * self.usdc.micro * _MICRO + self.shares.micro) // (2 * self.shares.micro))


def decode_fill(log: Log) -> ChainFill | None:
    """None unless it is OrderFilled of one of the three exchanges. ValueError if that is malformed."""
    exchange = log.address.lower()
    if not log.topics or log.topics[0] != ORDER_FILLED or exchange not in EXCHANGES:
        return None
    if len(log.topics) != 4:
        raise ValueError(f"OrderFilled has {len(log.topics)} topics, not 4")
    side_number, token, gave, got, fee, builder, metadata = data_words(log.data, at_least=7)[:7]
    if side_number > 1 or not gave or not got:
        raise ValueError(f"OrderFilled of side {side_number} gave {gave} for {got}")
    side = Side.SELL if side_number else Side.BUY
    usdc, shares = (gave, got) if side is Side.BUY else (got, gave)
    counterparty = topic_address(log.topics[3])
    return ChainFill(
        exchange=exchange,
        order=OrderId(log.topics[1]),
        wallet=Wallet(topic_address(log.topics[2])),
        counterparty=counterparty,
        taker=counterparty == exchange,
        side=side,
        token=TokenId(str(token)),
        shares=Shares(shares),
        usdc=Usdc(usdc),
        fee=Usdc(fee),
        builder=f"0x{builder:064x}",
        metadata=f"0x{metadata:064x}",
        tx=log.transaction_hash.lower(),
        log_index=quantity(log.log_index),
        block=quantity(log.block_number),
        block_hash=log.block_hash,
        removed=log.removed,
    )


def settled_fills(logs: Iterable[Log]) -> list[ChainFill]:
    """The fills of one transaction, what each taker paid corrected by what its makers were paid.

    Exchange V2 reports for a buying taker of a mint what it pulled, before it refunds the surplus; the makers' own
    events, which precede the taker's, are exact (contract source of CTF Exchange V2).
    """
    fills: list[ChainFill] = []
    makers: list[ChainFill] = []
    for fill in filter(None, map(decode_fill, logs)):
        if not fill.taker:
            makers.append(fill)
            fills.append(fill)
            continue
        fills.append(_corrected(fill, makers))
        makers = []
    return fills


def _corrected(taker: ChainFill, makers: Sequence[ChainFill]) -> ChainFill:
    """Unchanged where the makers' events are not all there."""
    if taker.side is not Side.BUY or sum(maker.shares.micro for maker in makers) != taker.shares.micro:
        return taker
    due = sum(_paid_to(maker, taker) for maker in makers)
    return replace(taker, usdc=Usdc(due)) if due < taker.usdc.micro else taker


def _paid_to(maker: ChainFill, taker: ChainFill) -> int:
    """By the taker: a seller's whole price, or what a minting maker's own dollars leave of the pair."""
    return maker.usdc.micro if maker.side is not taker.side else maker.shares.micro - maker.usdc.micro
