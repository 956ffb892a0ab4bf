"""From a feed's row to a fill: exact numbers, lower-case wallet, tokens by id and never by outcome index."""

from polybot.core.fills import ObservedFill, SourceKind
from polybot.polymarket.rest.data_models import ActivityRow
from polybot.ports.telemetry import Telemetry


def observed_fill(
    row: ActivityRow,
    *,
    seen_ns: int,
    seen_mono_ns: int,
    telemetry: Telemetry,
    source: SourceKind = SourceKind.ACTIVITY_POLL,
) -> ObservedFill | None:
    """None, and counted as `rows_ignored{reason}`, for what is not a plain trade."""
    raise NotImplementedError
