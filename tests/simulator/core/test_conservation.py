"""Whatever wallets do, cash and shares are conserved to the micro-unit and nobody owes anything."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from simvenue import Venue

from polybot.core.book import Level
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.model import CancelRefused, OrderRefused, Print

TICKS = st.integers(1, 99).map(lambda cents: Price(cents * 10_000))
HUNDREDTHS = st.integers(1, 5_000).map(lambda n: n * 10_000)
ODD_SIZES = st.integers(1, 90_000_000).map(Shares)
SIDES = st.sampled_from(Side)
WHO = st.integers(0, 2)
TOKEN = st.integers(0, 1)
LADDER = st.lists(st.builds(Level, TICKS, ODD_SIZES), max_size=5)

OPERATIONS = st.one_of(
    st.tuples(st.just("limit"), WHO, TOKEN, SIDES, st.tuples(TICKS, HUNDREDTHS, st.booleans())),
    st.tuples(st.just("market"), WHO, TOKEN, SIDES, st.tuples(TICKS, HUNDREDTHS)),
    st.tuples(st.just("house"), TOKEN, LADDER, LADDER),
    st.tuples(st.just("level"), TOKEN, SIDES, TICKS, st.one_of(st.just(Shares(0)), ODD_SIZES)),
    st.tuples(st.just("print"), WHO, TOKEN, SIDES, st.tuples(TICKS, ODD_SIZES)),
    st.tuples(st.just("cancel"), WHO),
    st.tuples(st.just("wait"), st.integers(1, 300)),
    st.tuples(st.just("resolve"), TOKEN),
)


class Driver:
    def __init__(self) -> None:
        self.venue = Venue()
        self.tokens = (self.venue.yes, self.venue.no)
        self.wallets = [self.venue.wallet(name, yes="20", no="10") for name in ("ann", "bob", "cat")]

    def limit(self, who: int, token: int, side: Side, terms: tuple[Price, int, bool]) -> None:
        venue = self.venue
        price, shares, timed = terms
        expiration_s = venue.exchange.now_ns // 10**9 + 200 if timed else 0
        order = venue.limit(
            self.wallets[who],
            side,
            str(price),
            str(Shares(shares)),
            token=self.tokens[token],
            tif=TimeInForce.GTD if timed else TimeInForce.GTC,
            expiration_s=expiration_s,
        )
        venue.place(order)

    def market(self, who: int, token: int, side: Side, terms: tuple[Price, int]) -> None:
        price, cents = terms
        taking = cents * 1_000_000 // price.micro if side is Side.BUY else cents * price.micro // 1_000_000
        taking -= taking % 100
        self.venue.place(self.venue.order(self.wallets[who], side, cents, taking, token=self.tokens[token]))

    def house(self, token: int, bids: list[Level], asks: list[Level]) -> None:
        self.venue.exchange.set_house_book(self.tokens[token], bids=bids, asks=asks)

    def level(self, token: int, side: Side, price: Price, size: Shares) -> None:
        self.venue.exchange.set_house_level(self.tokens[token], side=side, price=price, size=size)

    def print(self, who: int, token: int, side: Side, terms: tuple[Price, Shares]) -> None:
        price, shares = terms
        usdc = Usdc(shares.micro * price.micro // 1_000_000)
        entry = Print(self.wallets[who].wallet, self.tokens[token], side, shares, usdc, Usdc(usdc.micro // 50))
        self.venue.exchange.print_fills([entry, entry], tx="0x01")

    def cancel(self, who: int) -> None:
        owner = self.wallets[who].owner
        for order in self.venue.exchange.orders_of(owner)[:1]:
            self.venue.exchange.cancel(order.id, owner=owner)

    def wait(self, seconds: int) -> None:
        self.venue.later(seconds)

    def resolve(self, token: int) -> None:
        self.venue.exchange.resolve(self.venue.market.condition, winner=self.tokens[token])


@given(st.lists(OPERATIONS, max_size=40))
@settings(max_examples=120, deadline=None)
def test_everything_adds_up(operations: list[tuple[str, ...]]) -> None:
    driver = Driver()
    for name, *arguments in operations:
        with suppress(OrderRefused, CancelRefused):
            getattr(driver, name)(*arguments)
        assert driver.venue.exchange.imbalance() == ""
    driver.resolve(0)
    driver.venue.later(1000)
    assert driver.venue.exchange.imbalance() == ""
    left = {position.claim for position in driver.venue.exchange.ledger().positions}
    assert left <= {Usdc(0)}, "all that is worth something was redeemed"
