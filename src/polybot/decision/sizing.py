"""How much: the target's size times the ratio, and the caps in dollars that stand above it."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.amounts import market_buy_amounts
from polybot.core.book import Level
from polybot.core.fees import spend_within
from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.market import FeeSchedule
from polybot.core.matching import SHARE_GRAIN, grain_floor
from polybot.core.money import MICRO, ZERO_USDC, Price, Ratio, Shares, Usdc, scale_floor
from polybot.decision.model import Policy
from polybot.decision.rules import Rule

CENT = 10_000
"""Dollars of a marketable BUY are whole cents, here in micro-units."""
MIN_MARKETABLE_BUY = Usdc(MICRO)
"""Polymarket refuses a BUY that takes liquidity for less than 1 USDC."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most an entry may spend, and the rule it comes from with its number and limit."""

    rule: Rule
    usdc: Usdc
    value: Usdc
    limit: Usdc


def cent_floor(usdc: Usdc) -> Usdc:
    return Usdc(usdc.micro - usdc.micro % CENT)


def entry_size(order: TargetOrder, ratio: Ratio) -> Shares:
    return grain_floor(scale_floor(order.shares, ratio))


def position_cap(exposure: Usdc, policy: Policy) -> Cap:
    """What may be added until cost and open buys of the position reach `max_position`."""
    room = max(ZERO_USDC, policy.max_position - exposure)
    return Cap(Rule.MAX_POSITION, room, value=exposure, limit=policy.max_position)


def cash_cap(cash_free: Usdc, policy: Policy, fee: FeeSchedule) -> Cap:
    """What free cash pays for, with the buffer kept back and the most the fee can be on top."""
    usable = cash_free - scale_floor(cash_free, policy.balance_buffer)
    most = spend_within(usable, fee)
    return Cap(Rule.CASH, most, value=cash_free, limit=most)


def depth_within(levels: Iterable[Level], *, limit: Price) -> Usdc:
    """USDC that the asks at `limit` or cheaper are worth; rounded down."""
    return Usdc(sum(lv.price.micro * lv.size.micro for lv in levels if lv.price.micro <= limit.micro) // MICRO)


def exit_size(order: TargetOrder, *, inventory: Shares, ratio: Ratio) -> Shares:
    """How much of `inventory` (whole hundredths, at least one) follows the target's sale.

    The fraction of its holding that the target sold; all of it when the target is out; if its holding was not
    known, what it sold times the ratio. Never less than one hundredth: an exit is not rounded away.
    """
    if order.change is PositionChange.CLOSED:
        return inventory
    if (held := order.held_before.micro) > 0:
        wanted = Shares(inventory.micro * min(order.shares.micro, held) // held)
    else:
        wanted = min(inventory, scale_floor(order.shares, ratio))
    return Shares(max(SHARE_GRAIN, grain_floor(wanted).micro))


def market_buy_fits(*, spend: Usdc, price: Price, tick: Price) -> bool:
    """Whether the venue's precision can state `spend` at `price`: coarse ticks cannot for small sums."""
    try:
        market_buy_amounts(spend=spend, price=price, tick=tick)
    except ValueError:
        return False
    return True
