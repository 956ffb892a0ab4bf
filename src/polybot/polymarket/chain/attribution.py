"""Whose split, merge or redemption it was, when a contract in between made it for a wallet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from polybot.core.ids import Wallet
from polybot.polymarket.chain.events import EXCHANGES, GO_BETWEENS, TOKEN_CONTRACTS, TRANSFER_BATCH, TRANSFER_SINGLE
from polybot.polymarket.chain.hexes import topic_address
from polybot.polymarket.chain.moves import ChainMove, decode_move
from polybot.polymarket.chain.rpc import Log

_NOBODY = "0x" + "0" * 40


def settled_moves(logs: Sequence[Log]) -> list[ChainMove]:
    """The moves of one transaction, each once and with the wallet whose shares moved.

    A collateral adapter calls the older contracts itself and exchanges the shares with the wallet by ERC-1155
    transfers in the same transaction. What an exchange does inside a match is left out: its fills tell it.
    """
    moves = [move for move in map(decode_move, logs) if move and move.wallet not in EXCHANGES]
    callers = [move for move in moves if move.wallet not in GO_BETWEENS]
    inner = [move for move in moves if move.wallet in GO_BETWEENS]
    parties = _parties(logs)
    told = {(move.kind, move.condition, move.group) for move in callers}
    passed_on = [move for move in _outermost(inner) if (move.kind, move.condition, move.group) not in told]
    return [*callers, *(replace(move, wallet=parties[0]) for move in passed_on if parties)]


def _parties(logs: Iterable[Log]) -> list[Wallet]:
    """Wallets that gave shares to a contract in between or got them from it."""
    found: dict[Wallet, None] = {}
    for log in logs:
        if log.address.lower() in TOKEN_CONTRACTS and log.topics[0] in (TRANSFER_SINGLE, TRANSFER_BATCH):
            giver, taker = topic_address(log.topics[2]), topic_address(log.topics[3])
            for party, other in ((giver, taker), (taker, giver)):
                if other in GO_BETWEENS and party not in GO_BETWEENS and party != _NOBODY:
                    found[Wallet(party)] = None
    return list(found)


def _outermost(moves: Sequence[ChainMove]) -> list[ChainMove]:
    """The adapter's own event repeats the one of ConditionalTokens beneath it: the last of equals counts."""
    return list({(move.kind, move.condition, move.group, move.shares): move for move in moves}.values())
