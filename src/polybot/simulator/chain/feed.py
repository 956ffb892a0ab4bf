"""eth_subscribe: heads, logs and pending transactions over WebSocket."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from polybot.simulator.chain.errors import invalid
from polybot.simulator.chain.ledger import Chain
from polybot.simulator.chain.parameters import LogFilter, Params, given, log_filter
from polybot.simulator.chain.provider import Provider
from polybot.simulator.chain.reader import ChainReader
from polybot.simulator.chain.transactions import Transaction, shown_transaction
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.blocks import block_ns
from polybot.simulator.faults.frames import Way
from polybot.simulator.rest.replies import encode
from polybot.simulator.worlds.houses import dice

Kind = Literal["newHeads", "logs", "newPendingTransactions"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`full`: whole pending transactions instead of their hashes."""

    id: str
    kind: Kind
    filter: LogFilter = LogFilter(frozenset(), ())
    full: bool = False


@dataclass(slots=True, eq=False)
class Connection:
    """One socket and what it subscribed to."""

    way: Way
    subscriptions: dict[str, Subscription] = field(default_factory=dict)

    def tell(self, subscription: Subscription, result: object) -> None:
        message = {"subscription": subscription.id, "result": result}
        self.way.offer(encode({"jsonrpc": "2.0", "method": "eth_subscription", "params": message}).decode())


class Feed:
    """Tells each block `delay_ns` after it starts, and reorganisations as they happen."""

    def __init__(
        self, reader: ChainReader, chain: Chain, provider: Provider, agenda: Agenda, *, delay_ns: int, seed: int
    ) -> None:
        self._reader = reader
        self._chain = chain
        self._provider = provider
        self._agenda = agenda
        self._delay_ns = max(1, delay_ns)
        self._cuts = dice(seed, of="closed sockets")
        self._connections: list[Connection] = []
        self._count = 0
        self._told = 0
        self._waiting = False

    def open(self, way: Way) -> Connection:
        connection = Connection(way)
        self._connections.append(connection)
        return connection

    def close(self, connection: Connection) -> None:
        self._connections.remove(connection)

    def subscribe(self, connection: Connection, params: Params) -> str:
        kind = given(params, 0)
        self._count += 1
        name = f"0x{self._count:032x}"
        match kind:
            case "newHeads":
                made = Subscription(name, kind)
            case "logs":
                made = Subscription(name, kind, filter=log_filter(params[1] if len(params) > 1 else {}))
            case "newPendingTransactions":
                made = Subscription(name, kind, full=len(params) > 1 and params[1] is True)
            case _:
                raise invalid(f'no "{kind}" subscription in eth namespace')
        connection.subscriptions[name] = made
        self._wake()
        return name

    def unsubscribe(self, connection: Connection, params: Params) -> bool:
        if connection.subscriptions.pop(str(given(params, 0)), None) is None:
            raise invalid("subscription not found")
        return True

    def announce(self, tx: Transaction) -> None:
        """When it is seen pending, unless it is mined by then."""
        if self._subscribed("newPendingTransactions"):
            self._agenda.at(max(tx.seen_ns, self._agenda.now_ns), lambda: self._pending(tx))

    def reorganised(self, first: int, removed: Iterable[dict[str, Any]]) -> None:
        """`removed` are the logs that are gone; the new blocks from `first` on are told again. What was not told yet
        is neither taken back nor told."""
        gone = [log for log in removed if int(log["blockNumber"], 16) <= self._told]
        for connection, subscription in self._subscribed("logs"):
            self._tell_logs(connection, subscription, gone)
        for number in range(first, self._told + 1):
            self._tell(number)

    def _wake(self) -> None:
        """Blocks are told while somebody listens."""
        if not self._waiting:
            self._told = self._reader.head
            self._expect(self._told + 1)

    def _expect(self, number: int) -> None:
        self._waiting = True
        self._agenda.at(block_ns(number) + self._delay_ns, lambda: self._block(number))

    def _block(self, number: int) -> None:
        self._waiting = False
        if not any(connection.subscriptions for connection in self._connections):
            return
        self._told = number
        self._tell(number)
        self._expect(number + 1)
        self._cut()

    def _tell(self, number: int) -> None:
        heads = self._subscribed("newHeads")
        if heads:
            header = self._chain.header(number)
            for connection, subscription in heads:
                connection.tell(subscription, header)
        for connection, subscription in self._subscribed("logs"):
            self._tell_logs(connection, subscription, self._reader.block_logs(number, subscription.filter))

    def _tell_logs(self, connection: Connection, subscription: Subscription, logs: Iterable[dict[str, Any]]) -> None:
        for log in logs:
            if subscription.filter.wants(log) and not self._reader.withheld(log):
                connection.tell(subscription, log)

    def _pending(self, tx: Transaction) -> None:
        if tx.block is not None:
            return
        for connection, subscription in self._subscribed("newPendingTransactions"):
            connection.tell(subscription, shown_transaction(tx, block_hash=None) if subscription.full else tx.hash)

    def _subscribed(self, kind: Kind) -> list[tuple[Connection, Subscription]]:
        if self._provider.deaf:
            return []
        return [
            (connection, subscription)
            for connection in self._connections
            for subscription in connection.subscriptions.values()
            if subscription.kind == kind
        ]

    def _cut(self) -> None:
        """Without a word."""
        for connection in self._connections:
            ratio = self._provider.closing_ratio
            if ratio and self._cuts.random() < ratio:
                connection.way.cut(None)
