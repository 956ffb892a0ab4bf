"""What wallets hold, as the Data API writes it. Pure."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Market
from polybot.core.money import Price, Shares, Usdc
from polybot.simulator.wire.markets import iso, number
from polybot.simulator.wire.rows import icon_of, unquoted

Wire = dict[str, Any]

_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Holding:
    """What a wallet has, or had, of a token.

    `cost` and `entry_fees` are of the `shares` still held, `bought` and `bought_usdc` sums over its life; `price` is
    what a share is worth now, `realized` what shares that left brought above their cost. `paired`: the wallet has
    shares of the other outcome too. `event_id` "" if none.
    """

    wallet: Wallet
    market: Market
    event_slug: str
    event_id: str
    token: TokenId
    shares: Shares
    cost: Usdc
    entry_fees: Usdc
    bought: Shares
    bought_usdc: Usdc
    realized: Usdc
    price: Price
    first_ns: int
    last_ns: int
    paired: bool = False
    name: str = ""

    @property
    def value(self) -> Decimal:
        return number(self.shares) * number(self.price)

    @property
    def unrealized(self) -> Decimal:
        return self.value - number(self.cost)

    @property
    def status(self) -> str:
        if not self.shares:
            return "CLOSED"
        return "REDEEMABLE" if self.market.closed else "OPEN"


def position_row(held: Holding) -> Wire:
    """GET /v2/positions; figures cut to four decimals, fees to five, as served."""
    cost, fees, realized = number(held.cost), number(held.entry_fees), number(held.realized)
    opposite = held.market.outcome(held.market.complement(held.token))
    return {
        "proxy_wallet": held.wallet,
        "token_id": held.token,
        "condition_id": held.market.condition,
        "current_size": number(held.shares),
        "avg_price": four(average_price(held)),
        "entry_cost_usdc": four(cost),
        "entry_fees_usdc": fees,
        "total_cost_usdc": four(cost) + fees,
        "current_price": number(held.price),
        "current_value": four(held.value),
        "total_size": number(held.bought),
        "realized_pnl": four(realized),
        "unrealized_pnl": four(held.unrealized),
        "total_pnl": four(realized + held.unrealized),
        "percent_pnl": _percent(held.unrealized, of=cost),
        "percent_realized_pnl": _percent_realized(held),
        "status": held.status,
        "redeemable": held.status == "REDEEMABLE",
        "mergeable": held.paired,
        "negative_risk": held.market.neg_risk,
        "archived": False,
        "title": held.market.question,
        "slug": held.market.slug,
        "icon": icon_of(held.event_slug),
        "event_id": held.event_id,
        "event_slug": held.event_slug,
        "outcome": unquoted(held.market.outcome(held.token).name),
        "outcome_index": index_of(held.market, held.token),
        "opposite_outcome": unquoted(opposite.name),
        "opposite_token_id": opposite.token,
        "end_date": iso(held.market.end_ns)[:10],
        "last_event_at": held.last_ns // 1_000_000_000,
        "first_entry_at": held.first_ns // 1_000_000_000,
        "name": held.name,
        "profile_image": "",
        "verified": False,
    }


def holder_row(held: Holding, *, with_pnl: bool) -> Wire:
    """One holder of GET /v2/holders."""
    wire: Wire = {
        "proxy_wallet": held.wallet,
        "bio": "",
        "token_id": held.token,
        "pseudonym": "",
        "amount": number(held.shares),
        "display_username_public": bool(held.name),
        "outcome_index": index_of(held.market, held.token),
        "name": held.name,
        "profile_image": "",
        "profile_image_optimized": "",
        "verified": False,
    }
    if with_pnl:
        row = position_row(held)
        shown = "avg_price entry_cost_usdc current_price current_value realized_pnl unrealized_pnl total_pnl"
        wire.update({name: row[name] for name in shown.split()})
    return wire


def index_of(market: Market, token: TokenId) -> int:
    return [outcome.token for outcome in market.outcomes].index(token)


def average_price(held: Holding) -> Decimal:
    """Of what is held; once nothing is, of all that was bought."""
    if held.shares:
        return number(held.cost) / number(held.shares)
    return number(held.bought_usdc) / number(held.bought) if held.bought else Decimal(0)


def four(value: Decimal) -> Decimal:
    """Cut, not rounded, as recorded: 18.8203 / 28.09 was shown as 0.6699."""
    return Decimal(f"{value.quantize(_FOUR_DECIMALS, ROUND_DOWN).normalize():f}") + 0  # no minus zero


def _percent(part: Decimal, *, of: Decimal) -> Decimal:
    return four(100 * part / of) if of else Decimal(0)


def _percent_realized(held: Holding) -> Decimal:
    """As recorded: while something is held, what it is worth against all that was ever bought."""
    spent = number(held.bought_usdc)
    if held.shares:
        return _percent(held.value - spent, of=spent)
    return _percent(number(held.realized), of=spent)
