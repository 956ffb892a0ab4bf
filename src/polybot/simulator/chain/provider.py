"""How well the node behind the URL behaves: switches that a test or a person turns while it runs."""

from dataclasses import dataclass


@dataclass(slots=True)
class Provider:
    """A perfect one by default but for what every node does: limits, and some matches never seen pending.

    - `deaf`: subscriptions are acknowledged and nothing is delivered.
    - `withheld_ratio`: so much of the logs is not delivered to subscriptions; `withheld_everywhere` hides them from
      eth_getLogs too (receipts still have them).
    - `lag_blocks`: eth_getLogs knows logs only up to so many blocks behind the head.
    - `uneven_ratio`: so many eth_getLogs meet a backend whose head is behind: "invalid block range params".
    - `closing_ratio`: after a block, so many sockets are cut without a word.
    - `unseen_ratio`: so many matches are never seen pending (6 to 8 % measured in September 2026).
    - `range_blocks`: eth_getLogs refuses wider ranges. `history_blocks`: what is older is pruned.
    - `finality_blocks`: how far `finalized` is behind the head.
    """

    deaf: bool = False
    withheld_ratio: float = 0.0
    withheld_everywhere: bool = False
    lag_blocks: int = 0
    uneven_ratio: float = 0.0
    closing_ratio: float = 0.0
    unseen_ratio: float = 0.07
    range_blocks: int = 10_000
    history_blocks: int = 100_000
    finality_blocks: int = 4
