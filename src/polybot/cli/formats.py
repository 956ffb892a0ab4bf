"""Money, quantities and times as people read them."""

from datetime import UTC, datetime

from polybot.core.money import Shares, Usdc

_NS = 1_000_000_000
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def usd(amount: Usdc) -> str:
    """Rounded half up to cents: 1,234.57; for looking at, not for adding up."""
    cents = (abs(amount.micro) + 5_000) // 10_000
    sign = "-" if amount.micro < 0 and cents else ""
    return f"{sign}{cents // 100:,}.{cents % 100:02d}"


def signed_usd(amount: Usdc) -> str:
    text = usd(amount)
    return f"+{text}" if amount.micro > 0 and text != "0.00" else text


def shares(quantity: Shares) -> str:
    """Grouped, with at most two decimals (cut off) once it is a whole share."""
    whole, _, rest = str(quantity).partition(".")
    if whole in {"0", "-0"}:
        return str(quantity)
    return f"{int(whole):,}.{rest[:2]}" if rest else f"{int(whole):,}"


def iso(ns: int) -> str:
    """UTC to the microsecond, for programs."""
    moment = datetime.fromtimestamp(ns // _NS, UTC).replace(microsecond=ns % _NS // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def at(ns: int) -> str:
    """UTC to the second, for people."""
    return datetime.fromtimestamp(ns // _NS, UTC).strftime("%Y-%m-%d %H:%M:%S")


def span(ns: int) -> str:
    """A duration in its two largest units: 3 d 4 h, 12 s."""
    left, parts = max(0, ns) // _NS, list[str]()
    for seconds, unit in _STEPS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def short(identity: str) -> str:
    """Enough of an id to find the thing again with `why`."""
    return identity[:12]
