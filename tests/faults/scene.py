"""A small venue with two traders, the composed bot that follows them, and the meddler between the two."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
from meddler import Meddler

from polybot.app.audit import Books, differences, fill_facts, unseen_fills
from polybot.app.bot import Bot
from polybot.app.compose import compose, live_desk
from polybot.app.followed import Followed
from polybot.app.pace import Pace
from polybot.app.restore import restore_portfolio
from polybot.app.services import Services
from polybot.config.models import Endpoints, Execution, Network, Polling, Safety, Settings, Target, YourAccount
from polybot.config.policy import policy_for
from polybot.core.book import Level
from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import RESERVING, OrderState, SignatureType
from polybot.core.portfolio import Portfolio
from polybot.decision.model import Copy, Decision, Skip
from polybot.execution.tracker import DUST
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.token_ids import ctf_token_id
from polybot.ports.trading_state import TradingState
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.options import NO_CACHE, Delays, Options
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.simulator.worlds.world import World
from polybot.storage.store import SqlStore, open_store
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import Clock, SystemClock

SPEED = 20.0
PATIENCE_S = 15.0
"""Real seconds after which what a test waits for is not coming."""
_DELAYS = Delays(market_s=0.05, user_s=0.1, activity_s=2.1, data_api_s=2.4)


def _market(number: int, *, neg_risk: bool) -> Market:
    condition = ConditionId(f"0x{number:064x}")
    tokens = [ctf_token_id(condition, outcome=n, neg_risk=neg_risk) for n in (0, 1)]
    return Market(
        condition=condition,
        slug=f"will-it-rain-{number}",
        question=f"Will it rain ({number})?",
        version=MarketVersion.V1,
        neg_risk=neg_risk,
        outcomes=(Outcome(tokens[0], "Yes"), Outcome(tokens[1], "No")),
        tick=Price.parse("0.01"),
        min_order=Shares.parse("5"),
        fee=FeeSchedule(rate=Ratio.parse("0.04")),
        accepting_orders=True,
        closed=False,
    )


RAIN, SNOW = _market(1, neg_risk=False), _market(2, neg_risk=True)
A: TokenId = RAIN.outcomes[0].token
B: TokenId = SNOW.outcomes[0].token


def levels(*pairs: tuple[str, str]) -> list[Level]:
    return [Level(Price.parse(price), Shares.parse(size)) for price, size in pairs]


@dataclass
class SkewedClock:
    """The bot's wall clock, `offset_s` ahead of the venue's."""

    clock: SimClock
    offset_s: float = 0.0

    def now_ns(self) -> int:
        return self.clock.now_ns() + round(self.offset_s * 1e9)

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def perf_ns(self) -> int:
        return self.clock.perf_ns()

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)


@dataclass
class Running:
    """A bot at work and what it knows."""

    bot: Bot
    store: SqlStore
    portfolio: Portfolio
    trading: TradingState
    telemetry: MemoryTelemetry
    decisions: list[Decision]

    def verdicts(self, wallet: Wallet) -> list[str]:
        """`copy`, or the rule of the skip, of each decision about this target."""
        mine = [decision.verdict for decision in self.decisions if decision.order.target == wallet]
        return [verdict.rule if isinstance(verdict, Skip) else "copy" for verdict in mine]

    def decided(self, wallet: Wallet, token: TokenId, side: Side) -> bool:
        orders = [decision.order for decision in self.decisions]
        return any((order.target, order.token, order.side) == (wallet, token, side) for order in orders)

    def copies(self, wallet: Wallet, side: Side) -> int:
        return sum(
            isinstance(d.verdict, Copy) and d.order.target == wallet and d.order.side is side for d in self.decisions
        )

    def holding(self, wallet: Wallet, token: TokenId) -> Shares:
        """For this target, on offer or not."""
        held = (p.shares for p in self.portfolio.positions() if (p.target, p.token) == (wallet, token))
        return next(held, Shares(0))

    def counted(self, name: str) -> int:
        """Over all labels."""
        counters = self.telemetry.counters
        return sum(n for key, n in counters.items() if key == name or key.startswith(name + "{"))


@dataclass
class Scene:
    simulator: Simulator
    clock: SimClock
    bot_clock: SkewedClock
    meddler: Meddler
    endpoints: Endpoints
    store_url: str
    ours: OpenedAccount
    alice: Wallet
    bob: Wallet

    @property
    def exchange(self) -> Exchange:
        return self.simulator.world.exchange

    def account(self, who: Wallet) -> Account:
        return next(account for account in self.exchange.accounts if account.wallet == who)

    def buys(self, who: Wallet, token: TokenId, shares: str) -> None:
        self.simulator.desk.trade(trader=who, token=token, side=Side.BUY, size=Shares.parse(shares))

    def sells(self, who: Wallet, token: TokenId, shares: str | None = None) -> None:
        """All it holds unless told how many."""
        size = Shares.parse(shares) if shares else self._held(who, token)
        self.simulator.desk.trade(trader=who, token=token, side=Side.SELL, size=size)

    async def enter(self, bot: "Running") -> None:
        """Both targets buy, and we have followed both."""
        self.buys(self.alice, A, "100")
        self.buys(self.bob, B, "60")
        await self.followed_in(bot)

    async def followed_in(self, bot: "Running") -> None:
        await self.until("both entered", lambda: bool(bot.holding(self.alice, A) and bot.holding(self.bob, B)))

    async def leave(self, bot: "Running") -> None:
        """Both targets sell: Alice in two steps, Bob at once; we have followed both out."""
        self.sells(self.alice, A, "40")
        self.sells(self.bob, B)
        await self.passes(1)
        self.sells(self.alice, A)
        await self.followed_out(bot)

    async def leave_bob(self, bot: "Running") -> None:
        self.sells(self.bob, B)
        await self.until("Bob out", lambda: not bot.holding(self.bob, B))

    def pull_asks(self, token: TokenId) -> None:
        """Nothing is offered near the old price any more."""
        self.exchange.set_house_book(token, bids=levels(("0.50", "5000")), asks=levels(("0.70", "5000")))

    async def followed_out(self, bot: "Running") -> None:
        await self.until("both out", lambda: not (bot.holding(self.alice, A) or bot.holding(self.bob, B)))

    async def until(self, said: str, holds: Callable[[], bool]) -> None:
        """Real time passes until it holds; fails naming what never came."""
        machine = SystemClock()
        deadline = machine.monotonic() + PATIENCE_S
        while not holds():
            assert machine.monotonic() < deadline, f"never happened: {said}"
            await machine.sleep(0.01)

    async def passes(self, seconds: float) -> None:
        """Simulated seconds."""
        await self.clock.sleep(seconds)

    def heard(self, who: Wallet, token: str, *, side: str = "BUY", shares: float = 10.0) -> str:
        """A frame of the activity socket about a fill that never was."""
        now_ms = self.clock.now_ns() // 1_000_000
        payload = {
            "proxyWallet": who,
            "asset": token,
            "conditionId": f"0x{7:064x}",
            "side": side,
            "size": shares,
            "price": 0.5,
            "timestamp": now_ms // 1_000,
            "transactionHash": "0x" + sha256(f"{token}:{side}".encode()).hexdigest(),
        }
        frame = {"topic": "activity", "type": "trades", "timestamp": now_ms, "payload": payload}
        return msgspec.json.encode(frame).decode()

    def posted(self) -> Counter[str]:
        """How often each signed order reached the venue."""
        records = self.simulator.requests.records
        bodies = [r.body for r in records if (r.service, r.method, r.path) == ("clob", "POST", "/order")]
        return Counter(str(msgspec.json.decode(body)["order"]["salt"]) for body in bodies)

    @asynccontextmanager
    async def running(self, *, settings: Settings | None = None, ready: bool = True) -> AsyncIterator[Running]:
        """A bot from its start to its clean stop, on the scene's one store; `ready`: it may enter."""
        store = await open_store(self.store_url, busy_timeout_ms=50)
        try:
            async with self._running(store, settings or self.settings(), ready=ready) as running:
                yield running
        finally:
            await store.close()

    async def try_start(self) -> None:
        """A bot that should not get far."""
        async with self.running():
            return

    def settings(self, *, execution: Execution | None = None) -> Settings:
        return Settings(
            endpoints=self.endpoints,
            polling=Polling(
                activity_interval_ms=2_000, activity_interval_healthy_ms=4_000, positions_sync_interval_s=60
            ),
            execution=execution or Execution(order_timeout_s=4, max_book_age_ms=20_000),
            safety=Safety(require_liquidity_check=False),
            network=Network(api_timeout_s=1),
        )

    @asynccontextmanager
    async def _running(self, store: SqlStore, settings: Settings, *, ready: bool) -> AsyncIterator[Running]:
        clock: Clock = self.bot_clock
        telemetry, decisions = MemoryTelemetry(), list[Decision]()
        account = YourAccount(proxy_wallet=self.ours.wallet, signature_type=self.ours.signature_type)
        signer = LocalSigner.from_hex(self.ours.private_key)
        pace = Pace(SPEED, quiet=True)
        async with Services(settings, clock=clock, telemetry=telemetry, pace=pace) as services:
            parts = await compose(
                mode="live",
                settings=settings,
                followed=[self._followed(w, name, settings) for w, name in self._targets()],
                services=services,
                store=store,
                clock=clock,
                open_desk=partial(live_desk, account, signer, settings=settings, services=services, clock=clock),
            )
            portfolio, trading = parts.portfolio, parts.trading
            bot = Bot(replace(parts, on_decision=decisions.append))
            running = Running(bot, store, portfolio, trading, telemetry, decisions)
            try:
                await bot.start()
                self.clock.set_speed(SPEED)
                if ready:
                    await self.until("entries are allowed", lambda: not trading.locks)
                yield running
            finally:
                await bot.stop("scene over")

    async def complaints(self) -> list[str]:
        """What is wrong after all, by the venue's own books and what our store remembers; empty is right."""
        store = await open_store(self.store_url)
        try:
            history, rows = await store.history(), await store.queries.orders(limit=10_000)
            seen = Counter(fill_facts(fill.seen) for fill in await store.known_fills(since_s=0))
        finally:
            await store.close()
        portfolio, truth = restore_portfolio(history), self.exchange.ledger()
        placed = frozenset(OrderId(row.order) for row in rows if row.state != OrderState.REFUSED)
        books = Books(placed, frozenset(), history.fills, history.cash, portfolio.holdings())
        ours = Wallet(self.ours.wallet.lower())
        return [
            *differences(books, truth, ours),
            *unseen_fills(truth, frozenset({self.alice, self.bob}), seen),
            *(f"order with salt {salt} was posted {n} times" for salt, n in self.posted().items() if n > 1),
            *(f"order {order.id} is still {order.state}" for order in history.orders if order.state in RESERVING),
            *self._left_behind(portfolio),
        ]

    def _left_behind(self, portfolio: Portfolio) -> list[str]:
        return [
            f"{name} is out of {token[:8]}, we still hold {held}"
            for wallet, name in self._targets()
            for token in (A, B)
            if not self._held(wallet, token) and (held := portfolio.inventory(wallet, token)).micro >= DUST.micro
        ]

    def _held(self, wallet: Wallet, token: TokenId) -> Shares:
        held = (p.shares for p in self.exchange.positions_of(wallet) if p.token == token)
        return next(held, Shares(0))

    def _targets(self) -> Sequence[tuple[Wallet, str]]:
        return ((self.alice, "alice"), (self.bob, "bob"))

    @staticmethod
    def _followed(wallet: Wallet, name: str, settings: Settings) -> Followed:
        target = Target(
            name=name,
            wallet=wallet,
            position_ratio=Ratio.parse("0.5"),
            max_position_usd=Usdc.parse("500"),
            min_position_usd=Usdc.parse("0"),
        )
        return Followed(wallet, name, policy_for(target, settings))


@asynccontextmanager
async def scene(folder: Path, *, cash: str = "1000") -> AsyncIterator[Scene]:
    """Two still markets at 0.50 / 0.52, deep enough for everybody."""
    machine = SystemClock()
    exchange = Exchange(now_ns=machine.now_ns())
    for market in (RAIN, SNOW):
        exchange.list_market(market, event_slug="weather")
        exchange.set_house_book(
            market.outcomes[0].token,
            bids=levels(("0.50", "5000"), ("0.49", "5000")),
            asks=levels(("0.52", "5000"), ("0.53", "5000")),
        )
    clock = SimClock(machine, start_ns=exchange.now_ns)
    simulator = Simulator(
        World(exchange, ends_at_ns=exchange.now_ns, targets=()), clock, Options(delays=_DELAYS, cache=NO_CACHE)
    )

    def opened(name: str, balance: str) -> OpenedAccount:
        return simulator.desk.open_account(
            signature_type=SignatureType.POLY_1271, balance=Usdc.parse(balance), name=name
        )

    alice, bob = (Wallet(opened(name, "100000").wallet.lower()) for name in ("alice", "bob"))
    meddler = Meddler(await simulator.start())
    try:
        yield Scene(
            simulator=simulator,
            clock=clock,
            bot_clock=SkewedClock(clock),
            meddler=meddler,
            endpoints=await meddler.start(),
            store_url=f"sqlite:///{folder}/polybot.db",
            ours=opened("polybot", cash),
            alice=alice,
            bob=bob,
        )
    finally:
        await meddler.stop()
        await simulator.stop()
