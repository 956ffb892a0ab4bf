"""Signed transactions on their way into a block."""

from collections import Counter, defaultdict
from collections.abc import Callable

from polybot.core.ids import Wallet
from polybot.simulator.chain.contracts import Call, Contracts, Reverted
from polybot.simulator.chain.errors import refused
from polybot.simulator.chain.ledger import Chain
from polybot.simulator.chain.raw import BadTransaction, decode_raw
from polybot.simulator.chain.transactions import BASE_FEE_WEI, Transaction
from polybot.simulator.engine.blocks import block_at, block_ns
from polybot.simulator.engine.exchange import Exchange

STARTING_WEI = 10 * 10**18
"""Every signing EOA has so much POL for gas until told otherwise."""
_PLAIN_GAS, _BYTE_GAS, _CALL_GAS = 21_000, 16, 150_000


def gas_needed(call: Call) -> int:
    return intrinsic_gas(call.data) + _CALL_GAS * bool(call.data)


def intrinsic_gas(data: bytes) -> int:
    return _PLAIN_GAS + _BYTE_GAS * len(data)


class Mempool:
    """An EOA's transactions go into the next block in the order of their nonces; one that runs ahead waits."""

    def __init__(
        self, exchange: Exchange, chain: Chain, contracts: Contracts, *, announce: Callable[[Transaction], None]
    ) -> None:
        self._exchange = exchange
        self._chain = chain
        self._contracts = contracts
        self._announce = announce
        self._wei: dict[str, int] = {}
        self._nonces: Counter[str] = Counter()
        self._waiting: defaultdict[str, dict[int, tuple[Transaction, Call]]] = defaultdict(dict)
        self._called = False

    def nonce(self, address: str, *, pending: bool) -> int:
        """The next one; with `pending` after all that wait without a gap."""
        nonce = self._nonces[address]
        waiting = self._waiting.get(address, {}) if pending else {}
        while nonce in waiting:
            nonce += 1
        return nonce

    def wei(self, address: str) -> int:
        return self._wei.get(address, STARTING_WEI if self._exchange.accounts.owned_by(address) else 0)

    def set_wei(self, address: str, wei: int) -> None:
        """What the address has of POL."""
        self._wei[address.lower()] = wei

    def send_raw(self, encoded: bytes) -> str:
        """The hash; RpcError in a node's words if it is not taken."""
        try:
            raw = decode_raw(encoded)
        except BadTransaction as error:
            raise refused(str(error)) from None
        self._check(raw.sender, raw.nonce, gas=raw.gas, data=raw.data, cost=raw.most_cost, gas_price=raw.gas_price)
        self._check_known(raw.hash, raw.sender, raw.nonce, gas_price=raw.gas_price)
        call = Call(raw.to, raw.value, raw.data)
        tx = Transaction(
            hash=raw.hash, sender=raw.sender, to=raw.to, nonce=raw.nonce, input=lambda: raw.data, value=raw.value,
            gas=raw.gas, gas_used=min(raw.gas, gas_needed(call)),
            gas_price=raw.paid_price(BASE_FEE_WEI), kind=raw.kind,
        )  # fmt: skip
        self._wait(tx, call)
        return raw.hash

    def _check(self, sender: str, nonce: int, *, gas: int, data: bytes, cost: int, gas_price: int) -> None:
        mined = self._nonces[sender]
        if nonce < mined:
            raise refused(f"nonce too low: next nonce {mined}, tx nonce {nonce}")
        if gas < (least := intrinsic_gas(data)):
            raise refused(f"intrinsic gas too low: gas {gas}, minimum needed {least}")
        if gas_price < BASE_FEE_WEI // 2:
            raise refused(f"transaction underpriced: gas price {gas_price}")
        self._check_gas_money(sender, nonce, cost=cost)

    def _check_gas_money(self, sender: str, nonce: int, *, cost: int) -> None:
        balance, waiting = self.wei(sender), self._waiting.get(sender, {})
        queued = sum(tx.most_cost for number, (tx, _) in waiting.items() if number != nonce)
        if over := max(0, queued + cost - balance):
            spent = f"queued cost {queued}, tx cost {cost}, overshot {over}"
            raise refused(f"insufficient funds for gas * price + value: balance {balance}, {spent}")

    def _check_known(self, tx: str, sender: str, nonce: int, *, gas_price: int) -> None:
        if self._chain.find(tx):
            raise refused("already known")
        if (waiting := self._waiting.get(sender, {}).get(nonce)) and gas_price < waiting[0].gas_price * 11 // 10:
            raise refused("replacement transaction underpriced")

    def _wait(self, tx: Transaction, call: Call) -> None:
        if replaced := self._waiting[tx.sender].get(tx.nonce):
            self._chain.forget(replaced[0])
        self._waiting[tx.sender][tx.nonce] = (tx, call)
        self._chain.know(tx)
        self._announce(tx)
        if not self._called:
            self._called = True
            self._exchange.agenda.at(block_ns(block_at(self._exchange.now_ns) + 1), self._next_block)

    def _next_block(self) -> None:
        self._called = False
        number = block_at(self._exchange.now_ns)
        for sender, waiting in self._waiting.items():
            while found := waiting.pop(self._nonces[sender], None):
                self._nonces[sender] += 1
                self._perform(*found)
                self._chain.include(found[0], number)

    def _perform(self, tx: Transaction, call: Call) -> None:
        tx.succeeded = self._happens(tx, call)
        moved = tx.value if tx.succeeded else 0
        self.set_wei(tx.sender, self.wei(tx.sender) - tx.gas_used * tx.gas_price - moved)
        if moved:
            self.set_wei(tx.to, self.wei(tx.to) + moved)

    def _happens(self, tx: Transaction, call: Call) -> bool:
        if tx.gas < gas_needed(call):
            tx.reason = "out of gas"
            return False
        try:
            self._contracts.execute(Wallet(tx.sender), [call], tx=tx.hash)
        except Reverted as error:
            tx.reason = str(error)
            return False
        return True
