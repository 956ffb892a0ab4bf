"""What the script does to the chain and to the node that shows it."""

from collections.abc import Callable, Mapping
from typing import Any

from polybot.simulator.chain.node import ChainNode
from polybot.simulator.chain.provider import Provider
from polybot.simulator.faults.states import BlockLimit, DeafSubscription, LogShare, Reorg, SwitchFault

_SHARES = {
    "withheld_log": "withheld_ratio",
    "uneven_logs": "uneven_ratio",
    "unseen_pending": "unseen_ratio",
    "closing_node": "closing_ratio",
}
_BLOCKS = {"lagging_logs": "lag_blocks", "range_limit": "range_blocks", "pruned_history": "history_blocks"}


def spoil(node: ChainNode, spec: SwitchFault) -> Callable[[], None]:
    """Does it, and returns how to take it back; a reorganisation cannot be taken back."""
    match spec:
        case Reorg(depth=depth):
            node.reorg(depth)
            return lambda: None
        case DeafSubscription():
            return _turn(node.provider, {"deaf": True})
        case LogShare(share=share, everywhere=everywhere):
            extra = {"withheld_everywhere": everywhere} if spec.fault == "withheld_log" else {}
            return _turn(node.provider, {_SHARES[spec.fault]: share, **extra})
        case BlockLimit(blocks=blocks):
            return _turn(node.provider, {_BLOCKS[spec.fault]: blocks})
        case _:
            raise TypeError(f"{spec} is no state of the venue")


def _turn(provider: Provider, to: Mapping[str, Any]) -> Callable[[], None]:
    before = {name: getattr(provider, name) for name in to}

    def turn(values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(provider, name, value)

    turn(to)
    return lambda: turn(before)
