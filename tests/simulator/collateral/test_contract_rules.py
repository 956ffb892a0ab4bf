"""The exchange contracts' rules hold in whatever match comes about, in markets of every kind."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from bazaar import CONDITIONS, GROUP, Bazaar
from hypothesis import given, settings
from hypothesis import strategies as st

from polybot.core.book import Level
from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import MICRO, Price, Shares, Usdc
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.simulator.engine.model import CancelRefused, Event, MakerLeg, OrderRefused, Role, SimTrade, TradeChanged
from polybot.simulator.engine.moves import MoveRefused
from polybot.simulator.engine.rules import Rules
from polybot.simulator.worlds.houses import dice

Part = SimTrade | MakerLeg

TICKS = st.integers(1, 99).map(lambda cents: Price(cents * 10_000))
CENTS = st.integers(100, 5_000).map(lambda n: n * 10_000)
MICROS = st.integers(1, 40_000_000)
SIDES = st.sampled_from(Side)
WHO = st.integers(0, 2)
MARKET = st.integers(0, len(CONDITIONS) - 1)
TOKEN = st.tuples(MARKET, st.integers(0, 1))
LADDER = st.lists(st.builds(Level, TICKS, MICROS.map(Shares)), max_size=5)
PAIRS = st.sampled_from(["split", "merge"])
CASH = st.sampled_from(["deposit", "withdraw", "wrap", "unwrap"])

LIMIT = st.tuples(st.just("limit"), WHO, TOKEN, SIDES, TICKS, CENTS)
TAKE = st.tuples(st.just("take"), WHO, TOKEN, SIDES, st.sampled_from([TimeInForce.FAK, TimeInForce.FOK]), CENTS)
OPERATIONS = st.one_of(
    LIMIT,
    LIMIT,
    TAKE,
    TAKE,
    st.tuples(st.just("house"), TOKEN, LADDER, LADDER),
    st.tuples(st.just("pairs"), WHO, MARKET, PAIRS, MICROS),
    st.tuples(st.just("convert"), WHO, st.integers(1, 7), MICROS),
    st.tuples(st.just("cash"), WHO, CASH, MICROS),
    st.tuples(st.just("redeem"), WHO, MARKET),
    st.tuples(st.just("doom"), st.integers(1, 2)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("resolve"), MARKET, st.sampled_from([0, 1, None])),
)


class Referee:
    """Looks at every match as it is told, and keeps its own account of what orders gave; `matches` are the kinds
    that it saw."""

    def __init__(self, bazaar: Bazaar, *, max_fee_bps: int | None = None) -> None:
        self._bazaar = bazaar
        self._max_fee_bps = max_fee_bps
        self._gave: defaultdict[OrderId, int] = defaultdict(int)
        self.matches: set[str] = set()
        self.ended: list[SimTrade] = []
        bazaar.exchange.subscribe(self.hear)

    def hear(self, event: Event) -> None:
        if not isinstance(event, TradeChanged):
            return
        trade = event.trade
        if trade.status in {TradeStatus.CONFIRMED, TradeStatus.FAILED}:
            self.ended.append(trade)
        elif trade.status is TradeStatus.MATCHED:
            self._within_terms(trade)
            for leg in trade.legs:
                self._within_terms(leg)
            self._conserves(trade)
            self._fee_is_documented(trade)

    def _within_terms(self, part: Part) -> None:
        """What the contract demands: give at most `making`, get at least `taking` for each part of it."""
        asked = self._bazaar.exchange.asked(part.order)
        if asked is None:
            return  # the house has no orders
        gave, got = (part.usdc.micro, part.shares.micro) if asked.side is Side.BUY else _sold(part)
        assert got * asked.making >= gave * asked.taking, "no worse than the order's own price"
        self._gave[part.order] += gave
        assert self._gave[part.order] <= asked.making, "no more than the order's own amount"

    def _conserves(self, trade: SimTrade) -> None:
        """A taker who meets the same token pays the makers' prices; one who meets the other token has all that the
        pair leaves."""
        assert trade.shares.micro == sum(leg.shares.micro for leg in trade.legs)
        assert trade.usdc.micro == sum(usdc for usdc, _ in _takers_parts(trade))
        for leg in trade.legs:
            same = leg.token == trade.token
            assert (leg.side is trade.side.opposite) is same
            assert leg.usdc.micro * MICRO == leg.shares.micro * leg.price.micro, "the maker's own price, exactly"
            self.matches.add("complementary" if same else "mint" if leg.side is Side.BUY else "merge")

    def _fee_is_documented(self, trade: SimTrade) -> None:
        market = self._bazaar.exchange.market_of(trade.token)
        assert market is not None
        if self._bazaar.exchange.asked(trade.order) is None:
            assert not trade.fee, "who makes markets pays nothing"
            return
        due = sum(self._fee(market, usdc, leg.shares.micro) for usdc, leg in _takers_parts(trade))
        assert trade.fee.micro == due

    def _fee(self, market: Market, usdc: int, shares: int) -> int:
        price = Decimal(usdc) / shares
        exact = Decimal(shares) * market.fee.rate.micro / MICRO * price * (1 - price) / MICRO
        charged = exact.quantize(Decimal("0.00001"), ROUND_HALF_UP) if exact >= Decimal("0.00001") else Decimal(0)
        micro = int(charged * MICRO)
        return micro if self._max_fee_bps is None else min(micro, usdc * self._max_fee_bps // 10_000)


def _sold(part: Part) -> tuple[int, int]:
    return part.shares.micro, part.usdc.micro


def _takers_parts(trade: SimTrade) -> Iterator[tuple[int, MakerLeg]]:
    """The taker's dollars in each leg."""
    for leg in trade.legs:
        yield (leg.usdc.micro if leg.token == trade.token else leg.shares.micro - leg.usdc.micro), leg


class Driver:
    def __init__(self, bazaar: Bazaar) -> None:
        self.bazaar = bazaar
        self.people = [self.bazaar.wallet(name) for name in ("ann", "bob", "cat")]
        for account in self.people:
            self.bazaar.exchange.grant_usdc_e(account.wallet, Usdc.parse("50"))
            for condition in CONDITIONS:
                self.bazaar.exchange.split(account.wallet, condition, Shares.parse("25"))

    def limit(self, who: int, token: tuple[int, int], side: Side, price: Price, shares: int) -> None:
        self.bazaar.trade(self.people[who], side, self._token(*token), size=str(Shares(shares)), price=str(price))

    def take(self, who: int, token: tuple[int, int], side: Side, tif: TimeInForce, cents: int) -> None:
        how = {"amount": str(Usdc(cents))} if side is Side.BUY else {"size": str(Shares(cents))}
        self.bazaar.trade(self.people[who], side, self._token(*token), tif=tif, **how)

    def house(self, token: tuple[int, int], bids: list[Level], asks: list[Level]) -> None:
        self.bazaar.quote(self._token(*token), bids=bids, asks=asks)

    def pairs(self, who: int, market: int, kind: str, micro: int) -> None:
        move = {"split": self.bazaar.exchange.split, "merge": self.bazaar.exchange.merge}[kind]
        move(self._wallet(who), CONDITIONS[market], Shares(micro))

    def convert(self, who: int, index_set: int, micro: int) -> None:
        self.bazaar.exchange.convert(self._wallet(who), GROUP, index_set=index_set, shares=Shares(micro))

    def cash(self, who: int, kind: str, micro: int) -> None:
        exchange = self.bazaar.exchange
        move = {
            "deposit": exchange.deposit,
            "withdraw": exchange.withdraw,
            "wrap": exchange.wrap,
            "unwrap": exchange.unwrap,
        }[kind]
        move(self._wallet(who), Usdc(micro))

    def redeem(self, who: int, market: int) -> None:
        self.bazaar.exchange.redeem(self._wallet(who), CONDITIONS[market])

    def doom(self, trades: int) -> None:
        self.bazaar.whims.failing = trades

    def wait(self, seconds: int) -> None:
        self.bazaar.later(seconds)

    def resolve(self, market: int, winner: int | None) -> None:
        token = None if winner is None else self._token(market, winner)
        self.bazaar.exchange.resolve(CONDITIONS[market], winner=token)

    def total(self) -> int:
        """Micro-dollars of all wallets and under all shares, in pUSD and USDC.e."""
        cash = sum(account.cash_micro + account.usdc_e_micro for account in self.bazaar.exchange.accounts)
        listings = self.bazaar.exchange._floor.listings.by_condition.values()
        return cash + sum(listing.pool_micro for listing in listings)

    def _token(self, market: int, outcome: int) -> TokenId:
        return self.bazaar.tokens(CONDITIONS[market])[outcome]

    def _wallet(self, who: int) -> Wallet:
        return self.people[who].wallet


def play_on(driver: Driver, operations: Iterable[tuple[Any, ...]]) -> None:
    for name, *arguments in operations:
        with suppress(OrderRefused, CancelRefused, MoveRefused):
            getattr(driver, name)(*arguments)
        assert driver.bazaar.exchange.imbalance() == ""
        assert driver.total() == 0


def play(driver: Driver, operations: Iterable[tuple[Any, ...]]) -> None:
    play_on(driver, operations)
    driver.bazaar.later(120)
    assert driver.bazaar.exchange.imbalance() == ""
    assert driver.total() == 0
    for account in driver.people:
        assert account.cash_micro >= 0, "in the end nobody owes anything"
        assert min(account.held_micro.values()) >= 0


@given(st.lists(OPERATIONS, max_size=40), st.sampled_from([None, 500]))
@settings(max_examples=100, deadline=None)
def test_every_match_keeps_the_contracts_rules_and_nothing_is_lost(
    operations: list[tuple[Any, ...]], cap: int | None
) -> None:
    driver = Driver(Bazaar(rules=Rules(max_fee_bps=cap), rate="0.07"))
    Referee(driver.bazaar, max_fee_bps=cap)
    play(driver, operations)


def test_a_long_day_has_matches_of_every_kind_and_failures() -> None:
    """The referee sees enough: a busy market, in which many trades fail."""
    rng = dice(1, of="a long day")
    driver = Driver(Bazaar())
    referee = Referee(driver.bazaar)
    kinds = (Side.BUY, Side.SELL)
    for n in range(600):
        token = (rng.randrange(len(CONDITIONS)), rng.randrange(2))
        price, cents = Price(rng.randint(40, 60) * 10_000), rng.randint(500, 1000) * 10_000
        orders: list[tuple[Any, ...]] = [("limit", rng.randrange(3), token, rng.choice(kinds), price, cents)]
        orders += [("doom", 1)] * (n % 10 == 0) + [("wait", 5)] * (n % 20 == 0)
        play_on(driver, orders)
    driver.bazaar.later(60)
    assert referee.matches == {"complementary", "mint", "merge"}
    assert {trade.status for trade in referee.ended} == {TradeStatus.CONFIRMED, TradeStatus.FAILED}
    assert not any(fill.fee for fill in driver.bazaar.exchange.ledger().fills if fill.role is Role.MAKER)
    assert driver.bazaar.exchange.imbalance() == ""
