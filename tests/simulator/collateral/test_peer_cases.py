"""Settled mainnet orders and cases of other people's code: our matching, walks and fees agree with them."""

import json
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from bazaar import STANDARD, Bazaar

from polybot.core.book import Level
from polybot.core.fees import taker_fee
from polybot.core.ids import OrderId
from polybot.core.market import FeeSchedule, Side
from polybot.core.matching import SHARE_GRAIN, Walk, walk_shares, walk_spend
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.model import NewOrder, OrderStatus

TOP, BOTTOM = Price(MICRO - 1), Price(1)


def load(shared: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared / "vectors" / "peers" / name).read_bytes())
    return loaded


class Settled(NamedTuple):
    """An order's amounts and what of them was filled."""

    making: int
    taking: int
    gave: int
    got: int


def settled(shared: Path) -> list[Settled]:
    """A taker's order and the resting one it met, both buying."""
    return [
        Settled(
            *(int(found["order"][name]) for name in ("makerAmount", "takerAmount")),
            *(int(found["fill"][name]) for name in ("makerAmountFilled", "takerAmountFilled")),
        )
        for found in load(shared, "signing-and-real-orders.json")["real_settled_orders"]
        if "fill" in found
    ]


def test_a_settled_match_keeps_the_rules_that_ours_keep(shared: Path) -> None:
    taker, maker = settled(shared)
    assert maker.got == maker.gave * maker.taking // maker.making
    assert taker.got * taker.making >= taker.gave * taker.taking
    assert taker.gave + maker.gave == taker.got == maker.got


def test_a_settled_match_comes_out_the_same_on_our_venue_to_a_hundredth_of_a_share(shared: Path) -> None:
    taker, maker = settled(shared)
    bazaar = Bazaar(rate="0")
    yes, no = bazaar.tokens(STANDARD)
    orders = []
    for name, token, asked, tif in (("bob", no, maker, TimeInForce.GTC), ("ann", yes, taker, TimeInForce.FAK)):
        account = bazaar.wallet(name, cash="3000")
        order = NewOrder(
            id=OrderId(f"0x{name}"),
            owner=account.owner,
            wallet=account.wallet,
            token=token,
            side=Side.BUY,
            making=asked.making,
            taking=asked.taking,
            tif=tif,
        )
        orders.append(bazaar.exchange.place(order))
    rested, took = orders
    assert rested.order.status is OrderStatus.LIVE
    trade = bazaar.exchange.trade(took.trades[0])
    assert trade is not None
    [leg] = trade.legs
    assert 0 <= taker.got - trade.shares.micro < SHARE_GRAIN
    assert 0 <= taker.gave - trade.usdc.micro < SHARE_GRAIN
    assert 0 <= maker.gave - leg.usdc.micro < SHARE_GRAIN
    assert trade.usdc.micro + leg.usdc.micro == trade.shares.micro


def walk(case: dict[str, Any], pairs: list[dict[str, str]]) -> Walk:
    """Over levels that are given worst first."""
    levels = [Level(Price.parse(pair["price"]), Shares.parse(pair["size"])) for pair in reversed(pairs)]
    if case["side"] == "BUY":
        return walk_spend(levels, limit=TOP, spend=Usdc.parse(str(case["amount"])))
    return walk_shares(levels, side=Side.SELL, limit=BOTTOM, shares=Shares.parse(str(case["amount"])))


def agrees(case: dict[str, Any], pairs: list[dict[str, str]], *, price: str | None) -> bool:
    """What is not wholly there: FOK finds no match, FAK takes the worst level; what is: the last level it needs."""
    walked = walk(case, pairs)
    if price is None:
        return not walked.complete
    worst = walked.worst if walked.complete else Price.parse(pairs[0]["price"])
    return worst == Price.parse(price)


def test_walks_end_at_the_price_that_the_typescript_client_computes(shared: Path) -> None:
    cases = load(shared, "ts-clob-client-v2-amounts.json")["market_price"]
    for case in cases:
        price = None if str(case["price"]).startswith("error") else str(case["price"])
        assert agrees(case, case["book"]["asks" if case["side"] == "BUY" else "bids"], price=price), case
    assert len(cases) == 800


def test_walks_end_at_the_price_that_polymarket_typed(shared: Path) -> None:
    for case in load(shared, "ts-clob-client-v2-handwritten-market-price.json")["cases"]:
        if case["levels"] or case["orderType"] == "FOK":
            assert agrees(case, case["levels"], price=case["price"]), case


def test_a_spend_that_the_balance_bounds_leaves_room_for_the_fee_we_compute(shared: Path) -> None:
    """The client keeps back the fee of the whole balance; so do we."""
    compared = 0
    for case in load(shared, "ts-clob-client-v2-amounts.json")["fee_adjust"]:
        balance, price = Decimal(str(case["userUSDCBalance"])), Decimal(str(case["price"]))
        plain = not case["builderTakerFeeRate"] and not case["feeSlippage"]
        if plain and case["result"] != case["amount"] and Decimal(str(case["amount"])) >= balance:
            rate = Ratio.nearest(Decimal(str(case["feeRate"])))
            shares = Shares(int((balance / price * MICRO).to_integral_value(ROUND_FLOOR)))
            fee = taker_fee(shares, Price.parse(str(price)), FeeSchedule(rate, case["feeExponent"]))
            kept = balance - Decimal(str(case["result"]))
            assert abs(Decimal(fee.micro) / MICRO - kept) <= Decimal("0.00001"), case
            compared += 1
    assert compared > 30
