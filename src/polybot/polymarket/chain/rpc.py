"""A JSON-RPC node over HTTP. Its URL may hold a secret and appears in no error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import msgspec

from polybot.polymarket.chain.hexes import quantity
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call, HttpClient

T = TypeVar("T")


class Log(msgspec.Struct, frozen=True, rename="camel"):
    """An event as a node tells it; `removed`: its block was replaced, it did not happen (there)."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    transaction_hash: str
    log_index: str
    block_hash: str = ""
    removed: bool = False


class Block(msgspec.Struct, frozen=True, rename="camel"):
    number: str
    hash: str
    parent_hash: str
    timestamp: Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{1,16}$")]


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """`status` 0x1 done, 0x0 reverted."""

    transaction_hash: str
    block_number: str
    status: str
    logs: list[Log] = []


class _Problem(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: Any = None


class _Answer(msgspec.Struct, frozen=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Problem | None = None


class RpcError(RuntimeError):
    """The node read the call and refused it: `code` and `message` are the node's own."""

    def __init__(self, method: str, *, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Blocks inclusive; a topic is one value, one of several, or anything (None)."""

    addresses: Sequence[str]
    topics: Sequence[str | Sequence[str] | None]
    first: int
    last: int

    def params(self) -> dict[str, Any]:
        span = {"fromBlock": hex(self.first), "toBlock": hex(self.last)}
        return {**span, "address": list(self.addresses), "topics": list(self.topics)}


class RpcClient:
    """Every method raises RequestFailed without an answer and RpcError on the node's refusal."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def ask(self, method: str, params: Sequence[Any], shape: type[T]) -> T:
        """A read, tried again by the client's policy."""
        return _result(await self._http.read(_call(method, params)), method, shape)

    async def send_once(self, method: str, params: Sequence[Any], shape: type[T]) -> T:
        """A write: exactly one attempt."""
        return _result(await self._http.write(_call(method, params)), method, shape)

    async def chain_id(self) -> int:
        return await self._quantity("eth_chainId")

    async def block_number(self) -> int:
        return await self._quantity("eth_blockNumber")

    async def block(self, which: int | str) -> Block | None:
        """By number or tag ("latest", "finalized"); None for one that does not exist yet."""
        name = hex(which) if isinstance(which, int) else which
        return await self.ask("eth_getBlockByNumber", [name, False], Block | None)  # type: ignore[arg-type]

    async def logs(self, query: LogQuery) -> list[Log]:
        return await self.ask("eth_getLogs", [query.params()], list[Log])

    async def receipt(self, tx: str) -> Receipt | None:
        """None until it is mined."""
        return await self.ask("eth_getTransactionReceipt", [tx], Receipt | None)  # type: ignore[arg-type]

    async def call(self, to: str, data: bytes, *, block: str = "latest") -> bytes:
        """What a contract's view answers."""
        return await self._bytes("eth_call", {"to": to, "data": "0x" + data.hex()}, block)

    async def code(self, address: str) -> bytes:
        """Empty unless a contract is deployed there."""
        return await self._bytes("eth_getCode", address, "latest")

    async def balance_wei(self, address: str) -> int:
        """In POL's smallest unit."""
        return await self._quantity("eth_getBalance", address, "latest")

    async def nonce(self, address: str, *, pending: bool = True) -> int:
        return await self._quantity("eth_getTransactionCount", address, "pending" if pending else "latest")

    async def gas_price_wei(self) -> int:
        return await self._quantity("eth_gasPrice")

    async def estimate_gas(self, *, sender: str, to: str, data: bytes) -> int:
        """RpcError with the revert's reason if it would fail."""
        return await self._quantity("eth_estimateGas", {"from": sender, "to": to, "data": "0x" + data.hex()})

    async def send_raw(self, transaction: bytes) -> str:
        """Its hash."""
        return await self.send_once("eth_sendRawTransaction", ["0x" + transaction.hex()], str)

    async def _quantity(self, method: str, *params: Any) -> int:  # noqa: ANN401 - JSON
        return await self._read(method, params, quantity)

    async def _bytes(self, method: str, *params: Any) -> bytes:  # noqa: ANN401 - JSON
        return await self._read(method, params, lambda told: bytes.fromhex(told.removeprefix("0x")))

    async def _read(self, method: str, params: Sequence[Any], meaning: Callable[[str], T]) -> T:
        told = await self.ask(method, params, str)
        try:
            return meaning(told)
        except ValueError as error:
            raise RequestFailed(method, Failure("maybe", FailureKind.GARBAGE, "unexpected_shape", str(error))) from None


def _call(method: str, params: Sequence[Any]) -> Call:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return Call(name=method, group=Group.RPC, method="POST", path="", body=body)


def _result(body: bytes, method: str, shape: type[T]) -> T:
    answer = decode(body, _Answer, endpoint=method)
    if answer.error is not None:
        raise RpcError(method, code=answer.error.code, message=answer.error.message)
    return decode(bytes(answer.result), shape, endpoint=method)
