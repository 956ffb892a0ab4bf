"""Whether Polymarket takes orders from where we are."""

from msgspec import Struct

from polybot.polymarket.limits import Group
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call, HttpClient


class GeoAnswer(Struct, frozen=True):
    """By the caller's IP. `blocked` mixes rules for the website and for the API."""

    blocked: bool
    country: str = ""
    region: str = ""
    ip: str = ""


async def fetch_geoblock(http: HttpClient, *, path: str = "/api/geoblock") -> GeoAnswer:
    """`http` speaks to polymarket.com itself. RequestFailed without a usable answer."""
    call = Call("geoblock", Group.GEOBLOCK, "GET", path)
    return decode(await http.read(call), GeoAnswer, endpoint=call.name)
