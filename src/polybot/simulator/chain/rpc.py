"""JSON-RPC 2.0 over bytes: single calls and batches in, answers out."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from polybot.polymarket.contracts import POLYGON
from polybot.simulator.chain import parameters
from polybot.simulator.chain.contracts import Call as ContractCall
from polybot.simulator.chain.contracts import Reverted
from polybot.simulator.chain.errors import (
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    invalid,
    reverted,
)
from polybot.simulator.chain.feed import Connection, Feed
from polybot.simulator.chain.mempool import Mempool, gas_needed
from polybot.simulator.chain.parameters import Params, given, listed
from polybot.simulator.chain.reader import ChainReader
from polybot.simulator.chain.state import State
from polybot.simulator.chain.transactions import BASE_FEE_WEI, GAS_PRICE_WEI, TIP_WEI
from polybot.simulator.rest.replies import encode

_INVALID_REQUEST = -32600
_MOST_FEE_BLOCKS = 1024
Method = Callable[[Params], object]


class Rpc:
    """`eth_subscribe` needs a connection; without one it is no method."""

    def __init__(self, *, reader: ChainReader, state: State, mempool: Mempool, feed: Feed) -> None:
        self._reader = reader
        self._state = state
        self._mempool = mempool
        self._feed = feed
        self._methods: Mapping[str, Method] = {
            "eth_chainId": lambda _: hex(POLYGON),
            "net_version": lambda _: str(POLYGON),
            "web3_clientVersion": lambda _: "bor/v2.3.0/linux-amd64",
            "eth_syncing": lambda _: False,
            "eth_blockNumber": lambda _: hex(self._reader.head),
            "eth_gasPrice": lambda _: hex(GAS_PRICE_WEI),
            "eth_maxPriorityFeePerGas": lambda _: hex(TIP_WEI),
            "eth_feeHistory": self._fee_history,
            "eth_getBlockByNumber": self._block_by_number,
            "eth_getBlockByHash": self._block_by_hash,
            "eth_getLogs": lambda params: self._reader.logs(given(params, 0)),
            "eth_getTransactionByHash": lambda params: self._reader.transaction(parameters.hash32(given(params, 0))),
            "eth_getTransactionReceipt": lambda params: self._reader.receipt(parameters.hash32(given(params, 0))),
            "eth_getTransactionCount": self._count,
            "eth_getBalance": lambda params: hex(self._mempool.wei(parameters.address(given(params, 0)))),
            "eth_getCode": lambda params: self._state.code(parameters.address(given(params, 0))),
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": lambda params: self._mempool.send_raw(parameters.data(given(params, 0))),
        }

    def answer(self, body: bytes | str, connection: Connection | None = None) -> bytes:
        """To one call or a batch of them."""
        try:
            asked = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return encode(_failure(None, RpcError(PARSE_ERROR, "parse error")))
        if isinstance(asked, list):
            if not asked:
                return encode(_failure(None, RpcError(_INVALID_REQUEST, "empty batch")))
            return encode([self._one(call, connection) for call in asked])
        return encode(self._one(asked, connection))

    def _one(self, call: object, connection: Connection | None) -> dict[str, Any]:
        if not isinstance(call, Mapping) or not isinstance(call.get("method"), str):
            return _failure(None, RpcError(_INVALID_REQUEST, "invalid request"))
        name, params = call.get("id"), call.get("params", [])
        try:
            result = self._method(call["method"], connection)(listed(params))
        except RpcError as error:
            return _failure(name, error)
        except Reverted as error:
            return _failure(name, reverted(error))
        return {"jsonrpc": "2.0", "id": name, "result": result}

    def _method(self, name: str, connection: Connection | None) -> Method:
        if connection is not None and name == "eth_subscribe":
            return lambda params: self._feed.subscribe(connection, params)
        if connection is not None and name == "eth_unsubscribe":
            return lambda params: self._feed.unsubscribe(connection, params)
        if name == "eth_subscribe":
            raise RpcError(METHOD_NOT_FOUND, "notifications not supported")
        found = self._methods.get(name)
        if found is None:
            raise RpcError(METHOD_NOT_FOUND, f"the method {name} does not exist/is not available")
        return found

    def _block_by_number(self, params: Params) -> object:
        return self._reader.block(self._reader.number(given(params, 0)), full=_flag(params, 1))

    def _block_by_hash(self, params: Params) -> object:
        return self._reader.block_by_hash(parameters.hash32(given(params, 0)), full=_flag(params, 1))

    def _count(self, params: Params) -> str:
        pending = len(params) > 1 and params[1] == "pending"
        return hex(self._mempool.nonce(parameters.address(given(params, 0)), pending=pending))

    def _call(self, params: Params) -> str:
        """Of the newest state, whatever block is asked for."""
        asked = parameters.call(given(params, 0))
        return "0x" + self._state.call(sender=asked.sender, to=asked.to, value=asked.value, data=asked.data).hex()

    def _estimate(self, params: Params) -> str:
        asked = parameters.call(given(params, 0))
        self._state.call(sender=asked.sender, to=asked.to, value=asked.value, data=asked.data)
        return hex(gas_needed(ContractCall(asked.to, asked.value, asked.data)) * 6 // 5)

    def _fee_history(self, params: Params) -> dict[str, Any]:
        asked = given(params, 0)
        count = asked if isinstance(asked, int) else parameters.quantity(asked)
        newest = self._reader.number(given(params, 1))
        percentiles = listed(params[2] if len(params) > 2 and params[2] else [])
        if not 0 < count <= _MOST_FEE_BLOCKS:
            raise invalid(f"block count {count} is not between 1 and {_MOST_FEE_BLOCKS}")
        return {
            "oldestBlock": hex(newest - count + 1),
            "baseFeePerGas": [hex(BASE_FEE_WEI)] * (count + 1),
            "gasUsedRatio": [0.5] * count,
            "reward": [[hex(TIP_WEI)] * len(percentiles)] * count,
        }


def _flag(params: Params, at: int) -> bool:
    return len(params) > at and params[at] is True


def _failure(name: object, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": name, "error": error.shown()}
