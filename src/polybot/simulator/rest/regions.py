"""From where orders are taken, as collected by a trader's package in September 2026."""

import msgspec

from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.gamma import Geoblock

WEBSITE_ONLY = frozenset(["IE", "JP", "MT", "NL", "KR"])
"""The website is blocked, its API is not."""
CLOSE_ONLY = frozenset((
    "AU", "BY", "BE", "BI", "BR", "CA-BC", "CA-ON", "CA-AB", "CA-QC", "CF", "CD", "ET", "FR", "DE", "IQ", "IT", "LB",
    "LY", "MM", "NZ", "NI", "PL", "RU", "SG", "SO", "SK", "SS", "SD", "TW", "TH", "GB", "US", "UM", "VE", "YE", "ZW",
))  # fmt: skip
"""Orders that reduce a holding are taken."""


class _Sided(msgspec.Struct):
    side: str = ""


class _Sent(msgspec.Struct):
    order: _Sided


def refuse_region(caller: Geoblock, body: bytes) -> None:
    """403 for what may not be sent from a blocked region: nothing may from one that is not listed."""
    places = {caller.country, f"{caller.country}-{caller.region}"}
    if places & WEBSITE_ONLY or (places & CLOSE_ONLY and _only_sells(body)):
        return
    raise documented("region")


def _only_sells(body: bytes) -> bool:
    """A SELL needs shares, so it reduces. What cannot be read is refused later."""
    try:
        sent = msgspec.json.decode(body, type=_Sent | list[_Sent])
    except msgspec.MsgspecError:
        return True
    return all(one.order.side == "SELL" for one in (sent if isinstance(sent, list) else [sent]))
