"""How many orders a second the simulated venue takes within a process: placed, matched, mined, confirmed, told.

Its feeds listen and nobody listens to them. Two wallets buy the two outcomes of a market at a half, so that every
second order matches the one before.
"""

import statistics
import time
from collections.abc import Sequence

from bench.harness import Result, progress
from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.token_ids import ctf_token_id
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import NewOrder
from polybot.simulator.server import Simulator
from polybot.simulator.worlds.world import World
from polybot.utils.clock import ManualClock
from polybot.utils.garbage import look_for_cycles_less_often

_START_NS = 1_795_000_000_000_000_000
_APART_NS = 200_000
_UNTIL_FINAL_NS = 20_000_000_000
_CONDITION = ConditionId("0x" + "11" * 32)
_TOKENS = [ctf_token_id(_CONDITION, outcome=n, neg_risk=False) for n in (0, 1)]
_MARKET = Market(
    condition=_CONDITION,
    slug="a-market",
    question="A market?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(_TOKENS[0], "Yes"), Outcome(_TOKENS[1], "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=FeeSchedule(rate=Ratio.parse("0.04")),
    accepting_orders=True,
    closed=False,
)


def run(*, rounds: int, orders: int) -> Result:
    look_for_cycles_less_often()
    seen = []
    for number in range(rounds):
        progress(f"  round {number + 1} of {rounds}")
        seen.append(_round(orders))
    note = f"{orders} orders a round, each to the end of its trade; half of them rest, half of them match"
    row = {"orders/s": statistics.median(seen)}
    return Result({}, {"orders in-process": {"simulated venue": row}}, (note,))


def _round(count: int) -> float:
    exchange = Exchange(now_ns=_START_NS)
    world = World(exchange, ends_at_ns=_START_NS, targets=())
    Simulator(world, ManualClock(now_ns=_START_NS))
    exchange.list_market(_MARKET)
    traders = [_trader(exchange, number) for number in (1, 2)]
    orders = [_order(traders[n % 2], _TOKENS[n % 2], number=n) for n in range(count)]
    began_s = time.perf_counter()
    _play(world, orders)
    whole_s = time.perf_counter() - began_s
    if lost := exchange.imbalance():
        raise RuntimeError(lost)
    return count / whole_s


def _play(world: World, orders: Sequence[NewOrder]) -> None:
    now_ns = _START_NS
    for order in orders:
        world.exchange.place(order)
        now_ns += _APART_NS
        world.step(now_ns)
    world.step(now_ns + _UNTIL_FINAL_NS)


def _trader(exchange: Exchange, number: int) -> Account:
    owner = Wallet(f"0x{number:040x}")
    return exchange.accounts.open(owner=owner, signature_type=SignatureType.POLY_1271, cash=Usdc.parse("10000000"))


def _order(who: Account, token: TokenId, *, number: int) -> NewOrder:
    return NewOrder(
        id=OrderId(f"0x{number:064x}"),
        owner=who.owner,
        wallet=who.wallet,
        token=token,
        side=Side.BUY,
        making=5_000_000,
        taking=10_000_000,
        tif=TimeInForce.GTC,
    )
