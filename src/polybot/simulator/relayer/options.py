"""How the relayer behaves where Polymarket's own behaviour is set by its operators, or is not established."""

from dataclasses import dataclass

from polybot.polymarket.contracts import COLLATERAL_ADAPTER, NEG_RISK_COLLATERAL_ADAPTER

NO_SPENDERS: frozenset[str] = frozenset()
ADAPTERS_REFUSED = frozenset({COLLATERAL_ADAPTER.lower(), NEG_RISK_COLLATERAL_ADAPTER.lower()})
"""What users met in May 2026."""


@dataclass(frozen=True, slots=True)
class RelayerOptions:
    """`broadcast_s`: from acceptance to the transaction pool; the next block has it, and `confirmations` blocks
    later it is confirmed. `reads_need_key`: also the state of a transaction is told to holders of keys only.
    """

    broadcast_s: float = 0.5
    confirmations: int = 2
    submits_per_minute: int = 25
    """Of one key; Polymarket's docs, api-reference/rate-limits."""
    refused_spenders: frozenset[str] = NO_SPENDERS
    """Lower case; whom wallets may not approve through the relayer."""
    reads_need_key: bool = False
