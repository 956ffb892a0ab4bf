"""Polygon's block times. Pure.

Blocks come every 1.5 s; the anchor is a pair of block and time out of a cursor of Polymarket's Data API.
"""

BLOCK_NS = 1_500_000_000
_ANCHOR_BLOCK, _ANCHOR_NS = 93_783_884, 1_789_380_859_000_000_000


def block_ns(number: int) -> int:
    """When the block starts: what is in it is mined then."""
    return _ANCHOR_NS + (number - _ANCHOR_BLOCK) * BLOCK_NS


def block_at(at_ns: int) -> int:
    """The newest block at that time."""
    return _ANCHOR_BLOCK + (at_ns - _ANCHOR_NS) // BLOCK_NS


def first_block_from(at_ns: int) -> int:
    """The first block that does not start before `at_ns`."""
    return _ANCHOR_BLOCK - (_ANCHOR_NS - at_ns) // BLOCK_NS


def block_timestamp_s(number: int) -> int:
    """The whole second that the block carries; every other block starts half a second later."""
    return block_ns(number) // 1_000_000_000
