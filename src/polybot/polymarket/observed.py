"""From a feed's row to a fill: exact numbers, lower-case wallet, tokens by id and never by outcome index."""

from decimal import Decimal

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.polymarket.rest.data_models import ActivityRow
from polybot.ports.telemetry import Telemetry

_COMBO_CONDITION_LENGTH = len("0x") + 62
_LEAST_SHARES, _MOST_SHARES = Decimal("0.0000005"), 10**12
_PRICE_LIMIT = Decimal("1.0000005")
"""From here on a price is not rounded down to 1; likewise less than the least shares are none."""
_WALLET_LENGTH = len("0x") + 40


def observed_fill(
    row: ActivityRow,
    *,
    seen_ns: int,
    seen_mono_ns: int,
    telemetry: Telemetry,
    source: SourceKind = SourceKind.ACTIVITY_POLL,
    published_ns: int | None = None,
) -> ObservedFill | None:
    """None, and counted as `rows_ignored{source, reason}`, for what is not a plain trade.

    Prices are averages with up to ten decimals: rounded half up to the micro-unit. Sizes have six decimals;
    the service's own float noise beyond them is rounded the same way.
    """
    reason = _ignored(row)
    if reason:
        telemetry.count("rows_ignored", source=source, reason=reason)
        return None
    return ObservedFill(
        source=source,
        wallet=Wallet(row.proxy_wallet.lower()),
        token=TokenId(row.token_id),
        condition=ConditionId(row.condition_id.lower()),
        side=Side(row.side),
        shares=Shares.nearest(row.size),
        price=Price.nearest(row.price),
        tx=row.transaction_hash.lower(),
        timestamp_s=row.timestamp,
        seen_ns=seen_ns,
        seen_mono_ns=seen_mono_ns,
        published_ns=published_ns,
        slug=row.slug,
        title=row.title,
        outcome=row.outcome,
    )


def _ignored(row: ActivityRow) -> str | None:
    if row.type != "TRADE":
        return row.type.lower() or "no_type"
    # Combos trade by request for quote, without a public book; their condition ids are 31 bytes, unpadded.
    if row.is_combo or len(row.condition_id) == _COMBO_CONDITION_LENGTH:
        return "combo"
    if row.side not in ("BUY", "SELL"):
        return "side"
    if not row.token_id.isdecimal() or len(row.proxy_wallet) != _WALLET_LENGTH:
        return "id"
    return None if _plausible(row.size, row.price) else "amount"


def _plausible(size: Decimal, price: Decimal) -> bool:
    """Checked before they are scaled: "NaN" and 1e999999999 are numbers on the wire, too."""
    if not (size.is_finite() and price.is_finite()):
        return False
    return _LEAST_SHARES <= size < _MOST_SHARES and 0 <= price < _PRICE_LIMIT
