"""Who fills whom: a taker against the book, and a new house book against the orders it crosses. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polybot.core.fees import taker_fee
from polybot.core.market import Market, Side
from polybot.core.matching import SHARE_GRAIN, Take, Walk, walk_shares, walk_spend
from polybot.core.money import MICRO, ZERO_USDC, Price, Shares, Usdc
from polybot.simulator.engine.liquidity import BookOrder, Ladder, MarketBook, PriceLevel
from polybot.simulator.engine.model import NewOrder

_ALL_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Leg:
    """A fill to be made with `maker`, None being the house; `price` is the taker's token's, `fee` the taker's."""

    maker: BookOrder | None
    price: Price
    shares: Shares
    usdc: Usdc
    fee: Usdc


@dataclass(frozen=True, slots=True)
class Plan:
    """`complete`: nothing of the order is left that could be filled at its limit."""

    legs: tuple[Leg, ...]
    shares: Shares
    usdc: Usdc
    fee: Usdc
    complete: bool


def plan_taker(book: MarketBook, market: Market, order: NewOrder, *, limit: Price) -> Plan:
    """What the order would take now. A BUY is bounded by its dollars, a SELL by its shares."""
    walk = _walk(book, order, limit=limit)
    legs = tuple(_legs(book, market, order, walk)) if walk.takes else ()
    fee = Usdc(sum(leg.fee.micro for leg in legs))
    return Plan(legs, walk.shares, walk.usdc, fee, complete=walk.complete)


def _walk(book: MarketBook, order: NewOrder, *, limit: Price) -> Walk:
    levels = book.levels(order.token, order.side)
    if order.side is Side.BUY:
        return walk_spend(levels, limit=limit, spend=Usdc(order.making))
    return walk_shares(levels, side=Side.SELL, limit=limit, shares=Shares(order.making))


def _legs(book: MarketBook, market: Market, order: NewOrder, walk: Walk) -> Iterator[Leg]:
    taken = {book.own_price(order.token, take.price.micro): take for take in walk.takes}
    for price, level in book.facing(order.token, order.side):
        if not taken:
            return
        if take := taken.pop(price, None):
            yield from _share_out(take, level, market)


def _share_out(take: Take, level: PriceLevel, market: Market) -> Iterator[Leg]:
    left = take.shares.micro
    for maker, available in level.queue():
        shares = Shares(min(left, available))
        usdc = Usdc(take.usdc.micro * shares.micro // take.shares.micro)
        yield Leg(maker, take.price, shares, usdc, taker_fee(shares, take.price, market.fee))
        left -= shares.micro
        if not left:
            return


def capped(plan: Plan, *, max_fee_bps: int | None) -> Plan:
    """No fee is above so many basis points of the dollars that change hands."""
    if max_fee_bps is None:
        return plan
    legs = tuple(
        replace(leg, fee=Usdc(min(leg.fee.micro, leg.usdc.micro * max_fee_bps // _ALL_BPS))) for leg in plan.legs
    )
    return replace(plan, legs=legs, fee=Usdc(sum(leg.fee.micro for leg in legs)))


def split_at(plan: Plan, market: Market, *, shares: Shares) -> tuple[Plan, Plan]:
    """The first so many shares of what a plan takes, and the rest of it."""
    ours: list[Leg] = []
    others: list[Leg] = []
    left = shares.micro
    for leg in plan.legs:
        got = min(left, leg.shares.micro)
        left -= got
        ours += _cut(leg, got, market)
        others += _cut(leg, leg.shares.micro - got, market)
    return _sum(ours, complete=False), _sum(others, complete=True)


def _cut(leg: Leg, shares_micro: int, market: Market) -> list[Leg]:
    shares = Shares(shares_micro)
    usdc = Usdc(leg.usdc.micro * shares_micro // leg.shares.micro)
    return [Leg(leg.maker, leg.price, shares, usdc, taker_fee(shares, leg.price, market.fee))] if shares else []


def _sum(legs: list[Leg], *, complete: bool) -> Plan:
    return Plan(
        tuple(legs),
        Shares(sum(leg.shares.micro for leg in legs)),
        Usdc(sum(leg.usdc.micro for leg in legs)),
        Usdc(sum(leg.fee.micro for leg in legs)),
        complete=complete,
    )


def plan_crossing(book: MarketBook, side: Side) -> Plan:
    """What the house's quotes take from resting orders that they cross, each at the order's own price.

    `side` is that of the resting orders, as seen from the first outcome; the house pays no fee.
    """
    ladder = book.side_of(book.first, side)
    return _sum(list(_crossing_legs(book, ladder, house=book.facing(book.first, side))), complete=True)


def _crossing_legs(book: MarketBook, ladder: Ladder, *, house: Ladder) -> Iterator[Leg]:
    quotes = [(price, level.house_micro) for price, level in house if level.house_micro >= SHARE_GRAIN]
    for price, level in ladder:
        if not quotes or not ladder.reaches(price, quotes[0][0]):
            return
        for order in level.orders.values():
            available = sum(size - size % SHARE_GRAIN for quote, size in quotes if ladder.reaches(price, quote))
            shares = min(order.open_micro, available)
            if shares:
                quotes = _consume(quotes, shares)
                usdc = shares * price // MICRO
                yield Leg(order, Price(price), Shares(shares), Usdc(usdc), ZERO_USDC)


def _consume(quotes: list[tuple[int, int]], shares: int) -> list[tuple[int, int]]:
    left = []
    for price, size in quotes:
        taken = min(size - size % SHARE_GRAIN, shares)
        shares -= taken
        if size - taken >= SHARE_GRAIN:
            left.append((price, size - taken))
    return left
