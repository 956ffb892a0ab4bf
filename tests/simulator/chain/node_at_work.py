"""A node behind a still venue, asked without a network; time moves only when told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.chain.feed import Connection
from polybot.simulator.chain.node import ChainNode
from polybot.simulator.chain.options import ChainOptions
from polybot.simulator.desk import Desk, OpenedAccount
from polybot.simulator.engine.blocks import block_ns
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.streams.outbox import Sockets
from simulated_venue import still_world

START_NS = 1_790_000_000_000_000_000


@dataclass
class Wire:
    """What a subscriber was sent."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)

    def offer(self, frame: str) -> None:
        self.sent.append(json.loads(frame))

    def cut(self, code: int | None) -> None:
        self.codes.append(code)


class AtWork:
    def __init__(self, *, seed: int = 0) -> None:
        self.exchange: Exchange = still_world(START_NS).exchange
        self.desk = Desk(self.exchange, seed=seed)
        self.node = ChainNode(
            self.exchange,
            sockets=Sockets(queue_limit=1000),
            options=ChainOptions(),
            seed=seed,
            present=lambda: None,
            nonce_of=lambda _: 7,
        )
        self.node.provider.unseen_ratio = 0.0
        self.exchange.subscribe(self.node.hear)

    def account(self, name: str, *, kind: SignatureType = SignatureType.POLY_1271, cash: str = "1000") -> OpenedAccount:
        return self.desk.open_account(signature_type=kind, balance=Usdc.parse(cash), name=name)

    def market(self, condition: ConditionId) -> Market:
        market = self.exchange.market(condition)
        assert market is not None
        return market

    def token(self, condition: ConditionId, outcome: int = 0) -> TokenId:
        return self.market(condition).outcomes[outcome].token

    def rest(self, name: str, token: TokenId, side: Side, price: str, size: str) -> None:
        self.desk.trade(
            trader=name, token=token, side=side, price=Price.parse(price), size=Shares.parse(size), tif=TimeInForce.GTC
        )

    def buy(self, name: str, token: TokenId, usdc: str) -> None:
        self.desk.trade(trader=name, token=token, side=Side.BUY, amount=Usdc.parse(usdc))

    def sell(self, name: str, token: TokenId, size: str, price: str = "0.01") -> None:
        self.desk.trade(trader=name, token=token, side=Side.SELL, size=Shares.parse(size), price=Price.parse(price))

    def advance(self, seconds: float) -> None:
        self.exchange.advance(self.exchange.now_ns + round(seconds * 1e9))

    def to_block(self, number: int) -> None:
        """Just before the next one."""
        self.exchange.advance(block_ns(number + 1) - 1)

    def ask(self, method: str, *params: object) -> Any:
        """The result; AssertionError with an error."""
        answer = self.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, method: str, *params: object) -> Mapping[str, Any]:
        answer = self.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        assert "result" not in answer, answer
        error: Mapping[str, Any] = answer["error"]
        return error

    def answer(self, call: object) -> Any:
        return json.loads(self.node.rpc.answer(json.dumps(call)))

    def listen(self, *params: object) -> tuple[Connection, Wire]:
        """A socket with one subscription, its acknowledgement taken off."""
        wire = Wire()
        connection = self.node.join(wire)
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": list(params)}
        self.node.obey(connection, json.dumps(call))
        assert "result" in wire.sent.pop(0)
        return connection, wire

    def logs(self, **wanted: object) -> list[dict[str, Any]]:
        """From the newest hundred blocks."""
        found: list[dict[str, Any]] = self.ask("eth_getLogs", {"fromBlock": hex(self.node.head - 100), **wanted})
        return found


def told(wire: Wire) -> list[Any]:
    """What was notified so far, which is then forgotten."""
    results = [frame["params"]["result"] for frame in wire.sent]
    wire.sent.clear()
    return results


def wallet(account: OpenedAccount) -> Wallet:
    return Wallet(account.wallet.lower())


def pad(address: str) -> str:
    """An address as a topic."""
    return "0x" + "0" * 24 + address[2:].lower()
