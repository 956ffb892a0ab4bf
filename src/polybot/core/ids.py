"""Identities. Each is known before the effect it names: a hash of facts, length-prefixed and domain-separated."""

import hashlib
import re
from typing import NewType

from polybot.core.money import Shares

TokenId = NewType("TokenId", str)
"""Outcome token: decimal uint256 text (a CTF token id or a V2 position id)."""
ConditionId = NewType("ConditionId", str)
"""Market: 0x-hex, lower case."""
Wallet = NewType("Wallet", str)
"""Address that holds funds: 0x + 40 hex, lower case."""
FillKey = NewType("FillKey", str)
DecisionId = NewType("DecisionId", str)
IntentId = NewType("IntentId", str)
OrderId = NewType("OrderId", str)
"""EIP-712 hash of the order, 0x + 64 hex, lower case."""
TradeId = NewType("TradeId", str)

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def parse_wallet(text: str) -> Wallet:
    """Any letter case; ValueError unless 0x + 40 hex digits."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is not an address (0x and 40 hex digits)")
    return Wallet(text.lower())


def _digest(person: bytes, *parts: str) -> str:
    h = hashlib.blake2b(digest_size=16, person=person)
    for part in parts:
        raw = part.encode()
        h.update(len(raw).to_bytes(4, "big"))
        h.update(raw)
    return h.hexdigest()


def fill_key(*, tx: str, wallet: Wallet, token: TokenId, side: str, shares: Shares, occurrence: int) -> FillKey:
    """A target's fill: content plus occurrence number within its transaction.

    The price is left out on purpose: feeds report it as an average with differing digits, the size they
    report exactly. Two fills that differ in price only are told apart by their occurrence number.
    """
    return FillKey(_digest(b"polybot-fill", tx.lower(), wallet, token, side, str(shares.micro), str(occurrence)))


def decision_id(*fills: FillKey) -> DecisionId:
    """The decision about one target order, named by the fills it covers."""
    return DecisionId(_digest(b"polybot-decision", *fills))


def intent_id(decision: DecisionId, *, account: Wallet, leg: int) -> IntentId:
    """One order of a decision: leg 0 first, then top-ups and further tries."""
    return IntentId(_digest(b"polybot-intent", decision, account, str(leg)))


def intent_salt(intent: IntentId) -> int:
    """Order salt: 53 bits, because the venue's JSON carries it as a number."""
    return int(intent[:14], 16) >> 3
