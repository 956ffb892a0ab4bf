"""Writes down as transactions what happens on the exchange."""

import hashlib
from collections import Counter
from collections.abc import Callable

from polybot.core.ids import TokenId, Wallet
from polybot.core.orders import TradeStatus
from polybot.polymarket.contracts import exchange_for
from polybot.simulator.chain import matches, moves
from polybot.simulator.chain.fills import match_of_rows, match_of_trade
from polybot.simulator.chain.ledger import Chain
from polybot.simulator.chain.matches import Match
from polybot.simulator.chain.provider import Provider
from polybot.simulator.chain.transactions import Transaction
from polybot.simulator.engine.blocks import first_block_from
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Event, FillsPublished, MarketResolved, SimTrade, TradeChanged
from polybot.simulator.engine.moves import MoveRow, PositionsMoved

OPERATORS = 2000
_NEVER = 1 << 63


class Scribe:
    """Listens to the exchange. Only the newest attempt of a trade is pending."""

    def __init__(
        self,
        exchange: Exchange,
        chain: Chain,
        *,
        provider: Provider,
        pending_ns: int,
        announce: Callable[[Transaction], None],
    ) -> None:
        self._exchange = exchange
        self._chain = chain
        self._provider = provider
        self._pending_ns = pending_ns
        self._announce = announce
        self._nonces: Counter[str] = Counter()

    def hear(self, event: Event) -> None:
        match event:
            case TradeChanged():
                self._trade(event.trade)
            case FillsPublished():
                self._print(event)
            case PositionsMoved():
                self._move(event.row)
            case MarketResolved():
                self._resolve(event)
            case _:
                pass

    def expect(self, tx: str, *, sender: str, to: str, data: bytes) -> None:
        """A transaction that others make happen."""
        sent = Transaction(
            hash=tx, sender=sender.lower(), to=to.lower(), nonce=self._nonce(sender.lower()), input=lambda: data
        )
        self._chain.know(sent)
        self._announce(sent)

    def settle(self, tx: str, *, succeeded: bool) -> None:
        """Mined now. A transaction that a reorganisation took out again is unknown here: nothing is left of it."""
        found = self._chain.find(tx)
        if found and found.block is None:
            found.succeeded = succeeded
            found.reason = "" if succeeded else "execution reverted"
            self._include(found)

    def _trade(self, trade: SimTrade) -> None:
        match trade.status:
            case TradeStatus.MATCHED:
                self._send(trade)
            case TradeStatus.RETRYING:
                self.settle(trade.tx, succeeded=False)
                self._send(trade)
            case TradeStatus.MINED:
                self.settle(trade.tx, succeeded=True)
            case TradeStatus.FAILED:
                self.settle(trade.tx, succeeded=False)
            case _:
                pass

    def _send(self, trade: SimTrade) -> None:
        hashed = self._exchange.tx_of(trade)
        tx = self._matching(hashed, trade.token, trade.number, lambda: match_of_trade(self._exchange, trade))
        seen = int(tx.hash[-8:], 16) >= self._provider.unseen_ratio * (1 << 32)
        tx.seen_ns = self._exchange.now_ns + self._pending_ns if seen else _NEVER
        self._chain.know(tx)
        if seen:
            self._announce(tx)

    def _matching(self, tx: str, token: TokenId, number: int, matched: Callable[[], Match]) -> Transaction:
        """By one of the operators in turn, straight to the exchange."""
        operator = "0x" + hashlib.blake2b(f"operator:{number % OPERATORS}".encode(), digest_size=20).hexdigest()
        market = self._exchange.market_of(token)
        made = Transaction(
            hash=tx,
            sender=operator,
            to=exchange_for(token, neg_risk=bool(market and market.neg_risk)).address.lower(),
            nonce=self._nonce(operator),
            input=lambda: matches.calldata(matched()),
        )
        made.tell(lambda: matches.logs(matched()))
        return made

    def _print(self, event: FillsPublished) -> None:
        if self._chain.find(event.tx):
            return
        number = int(event.tx[2:10], 16)
        token = event.rows[0].token
        self._include(self._matching(event.tx, token, number, lambda: match_of_rows(self._exchange, event.rows)))

    def _move(self, row: MoveRow) -> None:
        tx = self._chain.find(row.tx)
        if tx is None:
            account = self._exchange.accounts.find(row.wallet)
            sender = account.owner if account and not row.auto else Wallet(moves.REDEEMER)
            tx = self._told(row.tx, sender=sender, to=moves.target(self._exchange, row))
        tx.tell(lambda: moves.logs(self._exchange, row))

    def _resolve(self, event: MarketResolved) -> None:
        tx = "0x" + hashlib.blake2b(f"resolved:{event.condition}".encode(), digest_size=32).hexdigest()
        made = self._told(tx, sender=moves.REPORTER, to=moves.ORACLE)
        made.tell(lambda: moves.resolved(self._exchange, event))

    def _told(self, tx: str, *, sender: str, to: str) -> Transaction:
        """Of something that happened on the exchange without a transaction of anyone's; nobody saw it pending."""
        made = Transaction(hash=tx, sender=sender, to=to.lower(), nonce=self._nonce(sender), input=bytes)
        self._include(made)
        return made

    def _include(self, tx: Transaction) -> None:
        self._chain.include(tx, first_block_from(self._exchange.now_ns))

    def _nonce(self, sender: str) -> int:
        self._nonces[sender] += 1
        return self._nonces[sender] - 1
