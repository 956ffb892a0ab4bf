"""Positions that change without a trade: split, merge, redemption, conversion, resolution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain import events
from polybot.polymarket.chain.hexes import WORD, data_words, quantity, topic_address
from polybot.polymarket.chain.rpc import Log


class MoveKind(StrEnum):
    SPLIT = "split"
    MERGE = "merge"
    REDEEM = "redeem"
    CONVERT = "convert"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class ChainMove:
    """`wallet` is whose shares moved; inside a match that is the exchange, in a resolution nobody ("").

    `shares` are pairs split or merged, or positions converted; `usdc` what a redemption paid. `condition` is "" for a
    conversion, whose `group` names the event and `index_set` its outcomes (bits). `payouts` are a resolution's
    shares of one for each outcome, in the contract's own proportion.
    """

    kind: MoveKind
    contract: str
    wallet: Wallet
    tx: str
    log_index: int
    block: int
    removed: bool
    condition: ConditionId = ConditionId("")
    token: TokenId = TokenId("")
    group: str = ""
    index_set: int = 0
    shares: Shares = Shares(0)
    usdc: Usdc = Usdc(0)
    payouts: tuple[int, ...] = ()


def decode_move(log: Log) -> ChainMove | None:
    """None for any other event or emitter. ValueError if it is malformed."""
    if not log.topics or log.address.lower() not in events.POSITION_CONTRACTS:
        return None
    reader = _READERS.get(log.topics[0])
    if reader is None:
        return None
    topics, reading = reader
    if len(log.topics) != topics:
        raise ValueError(f"event {log.topics[0]} has {len(log.topics)} topics, not {topics}")
    return reading(log)


def _move(kind: MoveKind, log: Log, *, wallet: str = "", **more: object) -> ChainMove:
    return ChainMove(
        kind=kind,
        contract=log.address.lower(),
        wallet=Wallet(topic_address(wallet) if wallet else ""),
        tx=log.transaction_hash.lower(),
        log_index=quantity(log.log_index),
        block=quantity(log.block_number),
        removed=log.removed,
        **more,  # type: ignore[arg-type]
    )


def _condition(topic: str) -> ConditionId:
    return ConditionId(topic.lower())


def _ctf_pairs(kind: MoveKind) -> Callable[[Log], ChainMove]:
    """PositionSplit, PositionsMerge: stakeholder, parent collection, condition; collateral, partition, amount."""

    def read(log: Log) -> ChainMove:
        amount = data_words(log.data, at_least=3)[2]
        return _move(kind, log, wallet=log.topics[1], condition=_condition(log.topics[3]), shares=Shares(amount))

    return read


def _ctf_redemption(log: Log) -> ChainMove:
    """Redeemer, collateral, parent collection; condition, index sets, payout."""
    words = data_words(log.data, at_least=3)
    condition = ConditionId(f"0x{words[0]:064x}")
    return _move(MoveKind.REDEEM, log, wallet=log.topics[1], condition=condition, usdc=Usdc(words[2]))


def _ctf_resolution(log: Log) -> ChainMove:
    """Condition, oracle, question; number of slots, payout numerators."""
    return _move(MoveKind.RESOLVE, log, condition=_condition(log.topics[1]), payouts=_array(log.data, at=1))


def _adapter_pairs(kind: MoveKind) -> Callable[[Log], ChainMove]:
    def read(log: Log) -> ChainMove:
        amount = data_words(log.data, at_least=1)[0]
        return _move(kind, log, wallet=log.topics[1], condition=_condition(log.topics[2]), shares=Shares(amount))

    return read


def _adapter_redemption(log: Log) -> ChainMove:
    payout = data_words(log.data, at_least=2)[1]
    condition = _condition(log.topics[2])
    return _move(MoveKind.REDEEM, log, wallet=log.topics[1], condition=condition, usdc=Usdc(payout))


def _adapter_conversion(log: Log) -> ChainMove:
    """Stakeholder, market id, index set; amount."""
    return _move(
        MoveKind.CONVERT,
        log,
        wallet=log.topics[1],
        group=log.topics[2].lower(),
        index_set=quantity(log.topics[3]),
        shares=Shares(data_words(log.data, at_least=1)[0]),
    )


def _v2_pairs(kind: MoveKind) -> Callable[[Log], ChainMove]:
    """Initiator (a wallet, the router or an exchange), condition (31 bytes, padded to the right), recipient; the amount
    is the last word."""

    def read(log: Log) -> ChainMove:
        amount = data_words(log.data, at_least=1)[-1]
        in_a_match = topic_address(log.topics[1]) in events.EXCHANGES
        whose = log.topics[1 if in_a_match else 3]
        return _move(kind, log, wallet=whose, condition=_condition(log.topics[2]), shares=Shares(amount))

    return read


def _v2_redemption(log: Log) -> ChainMove:
    """Initiator, position id, recipient; shares, payout."""
    shares, payout = data_words(log.data, at_least=2)[:2]
    token = quantity(log.topics[2])
    return _move(
        MoveKind.REDEEM,
        log,
        wallet=log.topics[3],
        token=TokenId(str(token)),
        condition=ConditionId(f"0x{token >> 8:062x}00"),
        shares=Shares(shares),
        usdc=Usdc(payout),
    )


def _v2_resolution(log: Log) -> ChainMove:
    return _move(MoveKind.RESOLVE, log, condition=_condition(log.topics[1]), payouts=_array(log.data, at=0))


def _array(data: str, *, at: int) -> tuple[int, ...]:
    """The dynamic array whose offset is word `at`."""
    words = data_words(data, at_least=at + 1)
    start = words[at] // (WORD // 2)
    if start >= len(words) or start + 1 + words[start] > len(words):
        raise ValueError("an array reaches beyond the event's data")
    return tuple(words[start + 1 : start + 1 + words[start]])


_READERS: Mapping[str, tuple[int, Callable[[Log], ChainMove]]] = {
    events.CTF_SPLIT: (4, _ctf_pairs(MoveKind.SPLIT)),
    events.CTF_MERGE: (4, _ctf_pairs(MoveKind.MERGE)),
    events.CTF_REDEMPTION: (4, _ctf_redemption),
    events.CTF_RESOLUTION: (4, _ctf_resolution),
    events.ADAPTER_SPLIT: (3, _adapter_pairs(MoveKind.SPLIT)),
    events.ADAPTER_MERGE: (3, _adapter_pairs(MoveKind.MERGE)),
    events.ADAPTER_REDEMPTION: (3, _adapter_redemption),
    events.ADAPTER_CONVERSION: (4, _adapter_conversion),
    events.V2_SPLIT: (4, _v2_pairs(MoveKind.SPLIT)),
    events.V2_MERGE: (4, _v2_pairs(MoveKind.MERGE)),
    events.V2_REDEMPTION: (4, _v2_redemption),
    events.V2_RESOLUTION: (2, _v2_resolution),
}
