"""The calls inside what a relayer is given, and which of them it sends on. Pure."""

from collections.abc import Sequence

from polybot.polymarket import contracts
from polybot.simulator.chain import abi
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies

_PROXY = abi.Function("proxy", "(uint8,address,uint256,bytes)[]")
_MULTISEND = abi.Function("multiSend", "bytes")
AUTHORIZE = abi.Function("authorizeSessionSigner", "address", "uint256")
REVOKE = abi.Function("revokeSessionSigner", "address")
_CALL, _DELEGATECALL = 0, 1
_PROXY_CALL = 1
_HEAD = 1 + 20 + 32 + 32
"""Of a packed call in a multisend: operation, target, value, length of the data."""

TARGETS = frozenset(
    address.lower()
    for address in (
        contracts.PUSD,
        contracts.USDC_E,
        contracts.USDC,
        contracts.CONDITIONAL_TOKENS,
        contracts.POSITION_MANAGER,
        contracts.COLLATERAL_ADAPTER,
        contracts.NEG_RISK_COLLATERAL_ADAPTER,
        contracts.ROUTER,
        contracts.ONRAMP,
        contracts.OFFRAMP,
    )
)
"""What a wallet may call through the relayer; the NegRiskAdapter was retired for it on 2026-07-17."""


class UnreadableCalls(ValueError):
    """Data that are not calls in the form they should have."""


def batched(calls: Sequence[bodies.WireCall]) -> list[Call]:
    return [Call(call.target.lower(), int(call.value), bytes.fromhex(call.data[2:])) for call in calls]


def proxied(data: bytes) -> list[Call]:
    """Of a call of the proxy factory. UnreadableCalls."""
    if data[:4] != _PROXY.selector:
        raise UnreadableCalls("data is not a call of proxy((uint8,address,uint256,bytes)[])")
    try:
        (calls,) = _PROXY.arguments(data)
    except ValueError as error:
        raise UnreadableCalls(str(error)) from None
    if any(code != _PROXY_CALL for code, *_ in calls):
        raise UnreadableCalls("only calls of type 1 are relayed")
    return [Call(target.lower(), value, sent) for _, target, value, sent in calls]


def of_safe(to: str, *, value: int, data: bytes, operation: int) -> list[Call]:
    """Of a Safe's transaction: one call, or several as a delegate call of the MultiSend. UnreadableCalls."""
    if operation == _CALL:
        return [Call(to.lower(), value, data)]
    if operation != _DELEGATECALL or to.lower() != contracts.SAFE_MULTISEND.lower():
        raise UnreadableCalls(f"operation {operation} to {to} is neither a call nor a MultiSend")
    if data[:4] != _MULTISEND.selector:
        raise UnreadableCalls("data is not a call of multiSend(bytes)")
    try:
        (packed,) = _MULTISEND.arguments(data)
    except ValueError as error:
        raise UnreadableCalls(str(error)) from None
    return _unpacked(packed)


def _unpacked(packed: bytes) -> list[Call]:
    calls = []
    while packed:
        size = int.from_bytes(packed[53:_HEAD], "big")
        if len(packed) < _HEAD + size or packed[0] != _CALL:
            raise UnreadableCalls("the packed calls of multiSend(bytes) are cut off or delegated")
        calls.append(
            Call("0x" + packed[1:21].hex(), int.from_bytes(packed[21:53], "big"), packed[_HEAD : _HEAD + size])
        )
        packed = packed[_HEAD + size :]
    return calls


def approved(call: Call) -> str:
    """Whom the call lets take collateral or shares, lower case; "" if it is no approval."""
    for function in (abi.APPROVE, abi.SET_APPROVAL_FOR_ALL):
        if call.data[:4] == function.selector:
            return "0x" + call.data[16:36].hex()
    return ""


def moves_cash(calls: Sequence[Call]) -> bool:
    """Whether one of them sends collateral away, which a session key may not."""
    return any(call.data[:4] == abi.ERC20_TRANSFER.selector for call in calls)
