"""How the CLOB behaves where Polymarket's own behaviour is set by its operators, or is not established."""

from dataclasses import dataclass
from enum import StrEnum

from polybot.core.orders import SignatureType
from polybot.polymarket.auth import SKEW_S


class Limiting(StrEnum):
    """What the limiter per signer does to a request that finds too few tokens."""

    ENFORCED = "enforced"
    WARNING = "warning"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """UTC; Monday is 0. Polymarket's docs named several: Tuesday 07:00 ET, later Monday 20:00 ET."""

    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class ClobOptions:
    """Not established about Polymarket, hence switches: whether limits per signer are enforced yet, what a refused
    order of a batch says of itself, whether a filter by id finds orders that have ended, how far its balances lag,
    and when it restarts.
    """

    restart_s: float = 90.0
    """How long the matching engine is away at a restart (425)."""
    post_only_s: float = 120.0
    """How long it then takes post-only orders and cancels alone."""
    weekly_restart: WeeklyTime | None = None
    restart_drops_sockets: bool = False
    """Whether the market socket closes on its clients at a restart; its books come again after it in any case."""
    signer_limits: Limiting = Limiting.ENFORCED
    signer_tier: str = "Standard"
    ip_limits: bool = False
    """Cloudflare's limits per caller address, on CLOB, Data API, Gamma and relayer. Off, because whoever tests here
    wants to be fast, and everything on a machine has one address."""
    heartbeat_s: float = 10.0
    """Without an accepted heartbeat for so long, all orders of the API key are cancelled."""
    balance_lag_s: float = 2.0
    """From a trade's block until the cached balances of its wallets are read again."""
    update_before_first_order: bool = False
    """A deposit wallet may not trade before its balances were updated once."""
    batch_refusals_succeed: bool = True
    """A refused order of a batch is answered `success: true`, with an empty id and the reason."""
    ended_orders_by_id: bool = True
    unbroadcast_s: float = 0.0
    """How long after its match a trade reads MATCHED_NOT_BROADCASTED."""
    wallet_types: frozenset[SignatureType] = frozenset(SignatureType)
    """Whose orders are taken; others are sent to the deposit wallet flow, as all new wallets have been since May 2026.
    Polymarket's docs say that older ones keep trading; some were refused all the same."""
    skew_s: int = SKEW_S
    """How far the time of signed headers may be off."""
    deleted_keys_return: bool = True
    """The key of a nonce can be created again after it was deleted; otherwise the nonce is spent."""
    page_size: int = 500
    builders: tuple[str, ...] = ()
    """Builder codes (0x and 64 hex digits) that are known before an order carries them; their fee is 0."""
