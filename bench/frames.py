"""From received text to what a program can use, and the book: ours against the official client's models.

The client has no model for the activity topic and keeps no book; there its side is what its users write: json,
Decimal and sortedcontainers.
"""

from bench.harness import Ask, Result, Side, compare

DECODES = (
    "activity row, followed wallet",
    "activity row, someone else's",
    "book frame, 100 levels",
    "book frame, into the book",
    "price_change, 2 changes",
    "price_change, into the book",
    "user trade event",
    "answer to POST /order",
    "activity page, 100 rows",
)
BOOK = ("book update and best prices", "walk for a size", "view of 50 levels a side")


def run(baseline: str, *, rounds: int, samples: int = 60) -> Result:
    """`baseline`: an interpreter with the official client and sortedcontainers."""
    sides = [Side("polybot", "frames_polybot"), Side("polymarket-client", "frames_polymarket_client", baseline)]
    hot = [Ask(case, cold=False, samples=samples, calls=20) for case in (*DECODES, *BOOK)]
    cold = [Ask(case, cold=True, samples=max(1, samples // 3)) for case in (*DECODES, *BOOK)]
    return compare(sides, [*hot, *cold], rounds=rounds)
