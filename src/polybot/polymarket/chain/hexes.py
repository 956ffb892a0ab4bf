"""Ethereum's hex on the wire: quantities and byte strings. ValueError names what was not hex."""

WORD = 64
"""Hex digits of one ABI word."""


def quantity(text: str) -> int:
    """0x and hex digits as a number."""
    if not text.startswith("0x"):
        raise ValueError(f"{text!r} is no quantity (0x and hex digits)")
    try:
        return int(text, 16)
    except ValueError:
        raise ValueError(f"{text!r} is no quantity (0x and hex digits)") from None


def data_words(data: str, *, at_least: int) -> list[int]:
    """The 32-byte words of event data; ValueError if there are fewer."""
    words = [int(data[i : i + WORD], 16) for i in range(2, len(data) - WORD + 1, WORD)]
    if len(words) < at_least:
        raise ValueError(f"event data has {len(words)} words, not {at_least}")
    return words


def topic_address(topic: str) -> str:
    """The address, lower case, that fills the low 20 bytes of a 32-byte topic."""
    if len(topic) != 2 + WORD:
        raise ValueError(f"topic {topic!r} is not 32 bytes")
    return "0x" + topic[26:].lower()


def address_topic(address: str) -> str:
    return "0x" + "0" * 24 + address[2:].lower()
