"""A Polygon node behind the venue: it listens to the exchange and speaks JSON-RPC over HTTP and WebSocket."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.simulator.chain.contracts import Contracts
from polybot.simulator.chain.feed import Connection, Feed
from polybot.simulator.chain.ledger import Chain
from polybot.simulator.chain.mempool import Mempool
from polybot.simulator.chain.options import ChainOptions
from polybot.simulator.chain.parameters import LogFilter
from polybot.simulator.chain.provider import Provider
from polybot.simulator.chain.reader import ChainReader
from polybot.simulator.chain.rpc import Rpc
from polybot.simulator.chain.scribe import Scribe
from polybot.simulator.chain.state import State
from polybot.simulator.chain.transactions import Transaction
from polybot.simulator.engine.blocks import block_ns
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Event, FillsWithdrawn
from polybot.simulator.faults.frames import Way
from polybot.simulator.rest.replies import Answer
from polybot.simulator.streams.outbox import Sockets

_EVERYTHING = LogFilter(frozenset(), ())
_DEEPEST = 1000


class ChainNode:
    """`provider` holds its switches. Only the chain reorganises: the exchange goes on as if nothing had happened,
    unless it is the exchange that took a trade back."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        sockets: Sockets,
        options: ChainOptions,
        seed: int,
        present: Callable[[], None],
        nonce_of: Callable[[Wallet], int],
    ) -> None:
        """`present` brings the world to the present; it is called before each frame is read. `nonce_of` is a wallet
        contract's own count of what it did."""
        self.provider = Provider()
        self.contracts = Contracts(exchange)
        self._exchange = exchange
        self._sockets = sockets
        self._present = present
        self._chain = Chain(self.provider, seed=seed)
        self._reader = ChainReader(exchange, self._chain, self.provider, seed=seed)
        self._feed = Feed(
            self._reader, self._chain, self.provider, exchange.agenda, delay_ns=_ns(options.told_s), seed=seed
        )
        self._mempool = Mempool(exchange, self._chain, self.contracts, announce=self._feed.announce)
        self._scribe = Scribe(
            exchange,
            self._chain,
            provider=self.provider,
            pending_ns=_ns(options.pending_s),
            announce=self._feed.announce,
        )
        state = State(exchange, self.contracts, nonce_of=nonce_of)
        self.rpc = Rpc(reader=self._reader, state=state, mempool=self._mempool, feed=self._feed)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._http), web.get("/", self._socket)]

    @property
    def head(self) -> int:
        """The newest block's number."""
        return self._reader.head

    def hear(self, event: Event) -> None:
        """Every event of the exchange."""
        if isinstance(event, FillsWithdrawn):
            self._withdraw(event.tx)
        else:
            self._scribe.hear(event)

    def relay(self, tx: str, *, sender: str, to: str, data: bytes) -> None:
        """Someone sends a transaction of this hash; what happens on the exchange under it is logged in it."""
        self._scribe.expect(tx, sender=sender, to=to, data=data)

    def settle(self, tx: str, *, succeeded: bool) -> None:
        """It is mined now, reverted or not."""
        self._scribe.settle(tx, succeeded=succeeded)

    def transaction(self, tx: str) -> Transaction | None:
        """`block` is None while it is pending; then `succeeded` and, if not, `reason`."""
        return self._chain.find(tx)

    def set_gas(self, address: str, *, wei: int) -> None:
        """How much POL an address has."""
        self._mempool.set_wei(address, wei)

    def reorg(self, depth: int, *, drop: Collection[str] = ()) -> None:
        """Replaces the newest `depth` blocks: their transactions appear one block later, those in `drop` (hashes)
        two blocks after the head. ValueError unless `depth` is 1 to 1000."""
        if not 0 < depth <= _DEEPEST:
            raise ValueError(f"depth {depth}: give 1 to {_DEEPEST} blocks")
        if later := self._rewrite(depth, without=drop):
            self._exchange.agenda.at(block_ns(self.head + 2), lambda: self._return(later))

    def _rewrite(self, depth: int, *, without: Collection[str]) -> list[Transaction]:
        """What it leaves out."""
        first, head = self.head - depth + 1, self.head
        left_out = []
        gone = list(self._gone(first, head))
        for number, tx in self._chain.replace(first, head):
            if tx.hash in without:
                left_out.append(tx)
            else:
                self._chain.include(tx, min(number + 1, head))
        self._feed.reorganised(first, gone)
        return left_out

    def _gone(self, first: int, head: int) -> Iterable[dict[str, Any]]:
        """The newest first, as nodes tell it."""
        for number in range(head, first - 1, -1):
            yield from reversed(list(self._reader.block_logs(number, _EVERYTHING, removed=True)))

    def _return(self, transactions: Iterable[Transaction]) -> None:
        """All but those that the exchange took back meanwhile."""
        for tx in transactions:
            if self._chain.find(tx.hash) is tx:
                self._chain.include(tx, self.head)

    def _withdraw(self, tx: str) -> None:
        """The exchange took a mined trade back: a reorganisation without it."""
        found = self._chain.find(tx)
        if found is None:
            return
        if found.block is not None:
            self._rewrite(max(1, self.head - found.block + 1), without={tx})
        self._chain.forget(found)

    async def _http(self, request: web.Request) -> Answer:
        return web.Response(body=self.rpc.answer(await request.read()), content_type="application/json")

    async def _socket(self, request: web.Request) -> Answer:
        return await self._sockets.serve(request, lambda way: _Joined(self, self.join(way)))

    def join(self, way: Way) -> Connection:
        return self._feed.open(way)

    def obey(self, connection: Connection, frame: str) -> None:
        """Answers a frame of a socket."""
        self._present()
        connection.way.offer(self.rpc.answer(frame, connection).decode())

    def leave(self, connection: Connection) -> None:
        self._feed.close(connection)


@dataclass(frozen=True, slots=True)
class _Joined:
    node: ChainNode
    connection: Connection

    def hear(self, text: str) -> bool:
        self.node.obey(self.connection, text)
        return True

    def leave(self) -> None:
        self.node.leave(self.connection)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
