"""JSON-RPC errors, as Polygon's nodes word them."""

from polybot.simulator.chain.contracts import Reverted

METHOD_NOT_FOUND, INVALID_PARAMS, PARSE_ERROR, SERVER_ERROR = -32601, -32602, -32700, -32000
REVERTED = 3
PRUNED = 4444
LIMIT = -32701
_ERROR_STRING = bytes.fromhex("08c379a0")  # selector of Error(string)


class RpcError(Exception):
    """Answered in place of a result."""

    def __init__(self, code: int, message: str, *, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data

    def shown(self) -> dict[str, object]:
        more = {} if self.data is None else {"data": self.data}
        return {"code": self.code, "message": str(self), **more}


def invalid(text: str) -> RpcError:
    return RpcError(INVALID_PARAMS, text)


def refused(text: str) -> RpcError:
    return RpcError(SERVER_ERROR, text)


def reverted(error: Reverted) -> RpcError:
    """With the reason as Solidity's Error(string)."""
    reason = str(error).encode()
    padded = reason.ljust(-(-len(reason) // 32) * 32, b"\0")
    data = _ERROR_STRING + (32).to_bytes(32, "big") + len(reason).to_bytes(32, "big") + padded
    return RpcError(REVERTED, f"execution reverted: {error}", data="0x" + data.hex())
