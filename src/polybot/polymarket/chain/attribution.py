"""Whose split, merge or redemption it was, when a contract in between made it for a wallet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from polybot.core.ids import Wallet
from polybot.polymarket.chain.events import EXCHANGES, GO_BETWEENS, TOKEN_CONTRACTS, TRANSFER_BATCH, TRANSFER_SINGLE
from polybot.polymarket.chain.hexes import topic_address
from polybot.polymarket.chain.moves import ChainMove, MoveKind, decode_move
from polybot.polymarket.chain.rpc import Log

_NOBODY = "0x" + "0" * 40


def settled_moves(logs: Sequence[Log]) -> list[ChainMove]:
    """The moves of one transaction, each once and with the wallet whose shares moved.

    A collateral adapter calls the older contracts itself and exchanges the shares with the wallet by ERC-1155
    transfers in the same transaction. What an exchange does inside a match is left out: its fills tell it.
    """
    decoded = [(at, decode_move(log)) for at, log in enumerate(logs)]
    moves = [(at, move) for at, move in decoded if move and move.wallet not in EXCHANGES]
    callers = [move for _, move in moves if move.wallet not in GO_BETWEENS]
    told = {(move.kind, move.condition, move.group) for move in callers}
    parties = _parties(logs)
    passed_on: dict[tuple[MoveKind, int], ChainMove] = {}
    for at, move in moves:
        transfer = _transfer_of(move, at, parties)
        if move.wallet in GO_BETWEENS and transfer is not None and (move.kind, move.condition, move.group) not in told:
            # the adapter's own event repeats the one of ConditionalTokens beneath it: the last counts
            passed_on[move.kind, transfer] = replace(move, wallet=parties[transfer])
    return [*callers, *passed_on.values()]


def _parties(logs: Sequence[Log]) -> dict[int, Wallet]:
    """Wallets that gave shares to a contract in between or got them from it, by the place of the transfer."""
    found: dict[int, Wallet] = {}
    for at, log in enumerate(logs):
        if log.address.lower() in TOKEN_CONTRACTS and log.topics[0] in (TRANSFER_SINGLE, TRANSFER_BATCH):
            giver, taker = topic_address(log.topics[2]), topic_address(log.topics[3])
            for party, other in ((giver, taker), (taker, giver)):
                if other in GO_BETWEENS and party not in GO_BETWEENS and party != _NOBODY:
                    found[at] = Wallet(party)
    return found


def _transfer_of(move: ChainMove, at: int, parties: Mapping[int, Wallet]) -> int | None:
    """Where the wallet's shares moved: what is split is handed out after the event, all else collected before."""
    if move.kind is MoveKind.SPLIT:
        return next((place for place in parties if place > at), None)
    return next((place for place in reversed(list(parties)) if place < at), None)
