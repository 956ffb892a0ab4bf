"""Made-up traders: they enter in pieces, reduce, leave or stay to the end, through real orders on real books."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polybot.core.amounts import limit_amounts, market_buy_amounts, market_sell_amounts
from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.matching import grain_floor
from polybot.core.money import MICRO, Price, Shares, Usdc
from polybot.core.orders import Amounts, SignatureType, TimeInForce
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import NewOrder, OrderRefused
from polybot.simulator.worlds.houses import dice

NAMES = ("swisstony", "kingfisher", "late-lena", "tidewatcher", "quiet-otto", "mirabelle", "northwind", "paperkite")
_TYPES = (SignatureType.POLY_1271, SignatureType.POLY_GNOSIS_SAFE, SignatureType.POLY_PROXY, SignatureType.EOA)
_CASH = Usdc.parse("25000")
_CHEAPEST, _DEAREST = Price.parse("0.05"), Price.parse("0.92")
"""Prices between which a trader enters."""
_CHASE_TICKS = 2
"""How far beyond the touch a trader is willing to go."""
_RESTS = 0.2
"""Share of the entry pieces that are bids which wait."""

_LOOKS = 8

Step = Callable[[Market, TokenId], None]


@dataclass(frozen=True, slots=True)
class Habits:
    """Seconds between a trader's steps, and dollars of one entry piece: both from, to."""

    step_s: tuple[float, float] = (20.0, 90.0)
    piece_usd: tuple[int, int] = (15, 120)


DEFAULT_HABITS = Habits()


def open_traders(
    exchange: Exchange, *, count: int, seed: int, ends_at_ns: int, habits: Habits = DEFAULT_HABITS
) -> list["Trader"]:
    """Traders with names and funded wallets of different types, ready to start."""
    return [_open(exchange, i, seed=seed, ends_at_ns=ends_at_ns, habits=habits) for i in range(count)]


def _open(exchange: Exchange, i: int, *, seed: int, ends_at_ns: int, habits: Habits) -> "Trader":
    name = NAMES[i % len(NAMES)] + (f"-{i // len(NAMES)}" if i >= len(NAMES) else "")
    owner = Wallet("0x" + hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=20).hexdigest())
    account = exchange.accounts.open(owner=owner, signature_type=_TYPES[i % len(_TYPES)], name=name, cash=_CASH)
    return Trader(exchange, account, rng=dice(seed, of=name), ends_at_ns=ends_at_ns, habits=habits)


class Trader:
    """One wallet with a temper. What it does follows from its random numbers and the books it finds."""

    def __init__(
        self, exchange: Exchange, account: Account, *, rng: random.Random, ends_at_ns: int, habits: Habits
    ) -> None:
        self.account = account
        self._exchange = exchange
        self._rng = rng
        self._ends_at_ns = ends_at_ns
        self._habits = habits
        self._orders = 0

    def start(self) -> None:
        self._later(self._begin)

    def _later(self, action: Callable[[], None]) -> None:
        wait_s = self._rng.uniform(*self._habits.step_s)
        if self._exchange.now_ns + round(wait_s * 1e9) < self._ends_at_ns:
            self._exchange.agenda.play_after(wait_s, action)

    def _begin(self) -> None:
        """A campaign in one market: some entries, then one of four ends; then the next campaign."""
        found = self._choose()
        self._play(found, self._campaign() if found else [])

    def _campaign(self) -> list[Step]:
        pieces = self._rng.randint(1, 3)
        entries = [self._bid if self._rng.random() < _RESTS else self._enter for _ in range(pieces)]
        ends = [[self._leave], [self._reduce, self._leave], [self._reduce], []]
        return [*entries, *self._rng.choice(ends)]

    def _play(self, token: TokenId | None, steps: Sequence[Step]) -> None:
        market = self._exchange.market_of(token) if token else None
        if token is None or market is None or market.closed or not steps:
            self._later(self._begin)
            return
        steps[0](market, token)
        self._later(lambda: self._play(token, steps[1:]))

    def _choose(self) -> TokenId | None:
        """A token with a book on both sides, if a few looks find one."""
        tokens = [outcome.token for m in self._exchange.markets() if not m.closed for outcome in m.outcomes]
        for token in self._rng.sample(tokens, min(_LOOKS, len(tokens))):
            book = self._exchange.book(token)
            if book.bids and book.asks:
                return token
        return None

    def _enter(self, market: Market, token: TokenId) -> None:
        asks = self._exchange.book(token).asks
        if not asks or not _CHEAPEST <= asks[0].price <= _DEAREST:
            return
        limit = _within(asks[0].price.micro + _CHASE_TICKS * market.tick.micro, market)
        spend = Usdc(self._rng.randint(*self._habits.piece_usd) * MICRO)
        amounts = market_buy_amounts(spend=spend, price=limit, tick=market.tick)
        self._place(token, Side.BUY, amounts, tif=TimeInForce.FAK)

    def _bid(self, market: Market, token: TokenId) -> None:
        bids = self._exchange.book(token).bids
        if not bids or not _CHEAPEST <= bids[0].price <= _DEAREST:
            return
        price = _within(bids[0].price.micro, market)
        shares = Shares(self._rng.randint(*self._habits.piece_usd) * MICRO * MICRO // price.micro)
        amounts = limit_amounts(Side.BUY, price=price, shares=max(shares, market.min_order), tick=market.tick)
        self._place(token, Side.BUY, amounts, tif=TimeInForce.GTC)

    def _reduce(self, market: Market, token: TokenId) -> None:
        held = self.account.held(token)
        self._sell(market, token, Shares(held.micro * self._rng.randint(25, 75) // 100))

    def _leave(self, market: Market, token: TokenId) -> None:
        """Withdraws what still rests there and sells all."""
        for order in self._exchange.orders_of(self.account.owner):
            if order.token == token:
                self._exchange.cancel(order.id, owner=self.account.owner)
        self._sell(market, token, self.account.held(token))

    def _sell(self, market: Market, token: TokenId, shares: Shares) -> None:
        bids = self._exchange.book(token).bids
        if not bids or not grain_floor(shares):
            return
        limit = _within(bids[0].price.micro - _CHASE_TICKS * market.tick.micro, market)
        amounts = market_sell_amounts(shares=shares, price=limit, tick=market.tick)
        self._place(token, Side.SELL, amounts, tif=TimeInForce.FAK)

    def _place(self, token: TokenId, side: Side, amounts: Amounts, *, tif: TimeInForce) -> None:
        """A refusal is part of a trader's day."""
        self._orders += 1
        name = f"{self.account.wallet}:{self._orders}".encode()
        order = NewOrder(
            id=OrderId("0x" + hashlib.blake2b(name, digest_size=32).hexdigest()),
            owner=self.account.owner,
            wallet=self.account.wallet,
            token=token,
            side=side,
            making=amounts.making,
            taking=amounts.taking,
            tif=tif,
        )
        try:
            self._exchange.place(order)
        except OrderRefused:
            return


def _within(price_micro: int, market: Market) -> Price:
    """On the grid and inside it."""
    tick = market.tick.micro
    return Price(min(max(price_micro // tick * tick, tick), MICRO - tick))
