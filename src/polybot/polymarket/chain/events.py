"""The events that move positions, by topic 0, and who emits them."""

from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    BINARY_MODULE,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    NEG_RISK_MODULE,
    POLYGON,
    POSITION_MANAGER,
    ROUTER,
    STANDARD,
    V3,
)
from polybot.polymarket.typed_data import keccak


def _topic(signature: str) -> str:
    return "0x" + keccak(signature.encode()).hex()


# All three exchanges emit the same events (Solidity of CTF Exchange V2 and Exchange V3).
ORDER_FILLED = _topic("OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)")

# ConditionalTokens: positions of ordinary version 1 markets.
CTF_SPLIT = _topic("PositionSplit(address,address,bytes32,bytes32,uint256[],uint256)")
CTF_MERGE = _topic("PositionsMerge(address,address,bytes32,bytes32,uint256[],uint256)")
CTF_REDEMPTION = _topic("PayoutRedemption(address,address,bytes32,bytes32,uint256[],uint256)")
CTF_RESOLUTION = _topic("ConditionResolution(bytes32,address,bytes32,uint256,uint256[])")

# NegRiskAdapter: positions of version 1 markets of an event with one winner.
ADAPTER_SPLIT = _topic("PositionSplit(address,bytes32,uint256)")
ADAPTER_MERGE = _topic("PositionsMerge(address,bytes32,uint256)")
ADAPTER_CONVERSION = _topic("PositionsConverted(address,bytes32,uint256,uint256)")
ADAPTER_REDEMPTION = _topic("PayoutRedemption(address,bytes32,uint256[],uint256)")

# The modules of Protocol V2.
V2_SPLIT = _topic("PositionsSplit(address,bytes31,address,address,uint256)")
V2_MERGE = _topic("PositionsMerged(address,bytes31,address,uint256)")
V2_REDEMPTION = _topic("PositionRedeemed(address,uint256,address,uint256,uint256)")
V2_RESOLUTION = _topic("ConditionResolved(bytes31,uint256[])")

# ERC-1155: outcome shares that change hands.
TRANSFER_SINGLE = _topic("TransferSingle(address,address,address,uint256,uint256)")
TRANSFER_BATCH = _topic("TransferBatch(address,address,address,uint256[],uint256[])")

EXCHANGES = tuple(exchange[POLYGON].address.lower() for exchange in (STANDARD, NEG_RISK, V3))
POSITION_CONTRACTS = tuple(
    address.lower() for address in (CONDITIONAL_TOKENS, NEG_RISK_ADAPTER, BINARY_MODULE, NEG_RISK_MODULE)
)
TOKEN_CONTRACTS = (CONDITIONAL_TOKENS.lower(), POSITION_MANAGER.lower())
GO_BETWEENS = frozenset(
    address.lower()
    for address in (COLLATERAL_ADAPTER, NEG_RISK_COLLATERAL_ADAPTER, NEG_RISK_ADAPTER, ROUTER, AUTO_REDEEMER)
)
"""Contracts that split, merge and redeem for whoever calls them, and pass on what comes of it."""
