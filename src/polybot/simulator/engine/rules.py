"""What the venue refuses, in its own words (Polymarket's docs, resources/error-codes; users' reports). Pure."""

from dataclasses import dataclass

from polybot.core.market import Market, Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import MICRO, Price, Usdc
from polybot.core.orders import TimeInForce
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine.accounts import Account, buy_spenders, exchange_of
from polybot.simulator.engine.matching import Plan
from polybot.simulator.engine.model import NewOrder, NotEnough, OrderKilled, OrderRefused, Restriction

MARKET_TYPES = frozenset({TimeInForce.FOK, TimeInForce.FAK})
EXPIRES_EARLY_S = 60
"""The venue takes a GTD order down this long before its stated expiration."""
MIN_MARKETABLE_BUY = Usdc(MICRO)

_AMOUNT_DECIMALS = {100_000: 3, 10_000: 4, 5_000: 5, 2_500: 6, 1_000: 5, 100: 6}
"""Decimals of the computed amount by tick size, as the official clients round it."""
TICKS = frozenset(_AMOUNT_DECIMALS)
COARSE_TICK, EDGE_TICK = Price(10_000), Price(1_000)
_CENT = 10_000


@dataclass(frozen=True, slots=True)
class Rules:
    """`min_expiration_s`: how far ahead a GTD order's stated expiration must be. `auto_redeem_after_s`: how long
    after a resolution the AutoRedeemer comes round.

    A trade is mined in the first block that starts `mined_after_s` after its match, half a block later on average.
    It is final when `finalized_blocks` more have come. A transaction that the wallets' balances do not cover is tried
    again `unfunded_retries` times. `edge_tick`: whether a market of tick 0.01 gets 0.001 with its first trade below
    0.04 or above 0.96 (users' reports; whether the venue does it by itself is unsure); it keeps it then.

    `max_fee_bps`: the most a taker is charged, of the dollars that change hands; None is no cap. The contract's own
    default is 500, which the fee of crypto markets exceeds below 0.29, so it was presumably raised (unsure).

    Reports differ: whether the market's least size binds FAK and FOK orders, too (`takers_have_minimum`); how many
    decimals the shares of a market BUY may have (`market_buy_decimals`; None: as the tick's amounts, at least 4);
    whether a BUY in a neg-risk market still needs an allowance for the retired adapter (`retired_adapter`).
    """

    min_expiration_s: int = 180
    mined_after_s: float = 1.25
    finalized_blocks: int = 4
    unfunded_retries: int = 3
    auto_redeem_after_s: float = 10.0
    edge_tick: bool = True
    max_fee_bps: int | None = None
    takers_have_minimum: bool = False
    market_buy_decimals: int | None = None
    retired_adapter: bool = True


def check_terms(order: NewOrder, market: Market, *, rules: Rules, now_s: int) -> Price:
    """The limit price; OrderRefused if the order's own terms are not acceptable in this market."""
    if not market.accepting_orders:
        raise OrderRefused("the market is not yet ready to process new orders")
    if order.making <= 0 or order.taking <= 0 or (order.post_only and order.tif in MARKET_TYPES):
        raise OrderRefused("Invalid order payload")
    _check_expiration(order, rules=rules, now_s=now_s)
    if order.tif not in MARKET_TYPES or rules.takers_have_minimum:
        _check_size(order, market)
    if order.tif in MARKET_TYPES and order.side is Side.BUY and rules.market_buy_decimals is not None:
        _check_accuracy(order, making=2, taking=rules.market_buy_decimals, kind="market buy")
    return check_price(order, market)


def check_price(order: NewOrder, market: Market) -> Price:
    """The limit price; OrderRefused if it is not on the market's grid."""
    return _market_limit(order, market) if order.tif in MARKET_TYPES else _resting_limit(order, market)


def _check_expiration(order: NewOrder, *, rules: Rules, now_s: int) -> None:
    timed = order.tif is TimeInForce.GTD
    if (timed and order.expiration_s < now_s + rules.min_expiration_s) or (not timed and order.expiration_s):
        raise OrderRefused("invalid expiration")


def _check_size(order: NewOrder, market: Market) -> None:
    size = shares_asked(order)
    if size < market.min_order.micro:
        text = f"Size ({decimal(size)}) lower than the minimum: {market.min_order}"
        raise OrderRefused(f"order {order.id} is invalid. {text}")


def shares_asked(order: NewOrder) -> int:
    return order.taking if order.side is Side.BUY else order.making


def _dollars(order: NewOrder) -> int:
    return order.making if order.side is Side.BUY else order.taking


def _market_limit(order: NewOrder, market: Market) -> Price:
    """Give in cents, get in fine decimals: rounding leaves the implied price a hair beyond the tick it means."""
    decimals = max(4, _AMOUNT_DECIMALS[market.tick.micro])
    _check_accuracy(order, making=2, taking=decimals, kind=f"market {order.side.value.lower()}")
    tick, shares, dollars = market.tick.micro, shares_asked(order), _dollars(order)
    grain = 10 ** (6 - min(4, _AMOUNT_DECIMALS[tick]))
    if order.side is Side.BUY:
        limit = dollars * MICRO // shares // tick * tick
        exact = bool(limit) and dollars * MICRO // limit - shares < SHARE_GRAIN
    else:
        limit = -(-dollars * MICRO // (shares * tick)) * tick
        exact = shares * limit // MICRO - dollars < grain
    if not exact or not tick <= limit <= MICRO - tick:
        raise _off_tick(order, market)
    return Price(limit)


def _resting_limit(order: NewOrder, market: Market) -> Price:
    decimals = max(4, _AMOUNT_DECIMALS[market.tick.micro])
    buy = order.side is Side.BUY
    side = order.side.value.lower()
    _check_accuracy(order, making=decimals if buy else 2, taking=2 if buy else decimals, kind=side)
    tick, shares, dollars = market.tick.micro, shares_asked(order), _dollars(order)
    limit = (2 * dollars * MICRO + shares * tick) // (2 * shares * tick) * tick
    due = shares * limit // MICRO
    rounded = dollars * MICRO % shares != 0 and abs(due - dollars) < _CENT
    if not tick <= limit <= MICRO - tick or (due != dollars and not rounded):
        raise _off_tick(order, market)
    if rounded:
        named = "maker" if buy else "taker"
        raise OrderRefused(
            f"invalid amounts, the {named} amount for a ${decimal(limit)} order of size {decimal(shares)}"
            f" should be '{decimal(due)}' but the value submited is '{decimal(dollars)}'"
        )
    return Price(limit)


def _check_accuracy(order: NewOrder, *, making: int, taking: int, kind: str) -> None:
    if order.making % 10 ** (6 - making) or order.taking % 10 ** (6 - taking):
        raise OrderRefused(
            f"invalid amounts, the {kind} orders maker amount supports a max accuracy of {making} decimals,"
            f" taker amount a max of {taking} decimals"
        )


def _off_tick(order: NewOrder, market: Market) -> OrderRefused:
    price = Price(_dollars(order) * MICRO // shares_asked(order))
    return OrderRefused(f"order {order.id} is invalid. Price ({price}) breaks minimum tick size rule: {market.tick}")


def check_match(order: NewOrder, plan: Plan) -> None:
    """What cannot be known before the book is looked at."""
    if order.post_only and plan.legs:
        raise OrderRefused("invalid post-only order: order crosses book")
    takes = bool(plan.legs) or order.tif in MARKET_TYPES
    if takes and order.side is Side.BUY and order.making < MIN_MARKETABLE_BUY.micro:
        raise OrderRefused(f"invalid amount for a marketable BUY order (${decimal(order.making)}), min size: $1")
    if order.tif is TimeInForce.FOK and not plan.complete:
        raise OrderKilled("order couldn't be fully filled. FOK orders are fully filled or killed.")
    if order.tif is TimeInForce.FAK and not plan.legs:
        text = "FAK orders are partially filled or killed if no match is found."
        raise OrderKilled(f"no orders found to match with FAK order. {text}")


def check_account(order: NewOrder, account: Account) -> None:
    match account.restriction:
        case Restriction.BANNED:
            raise OrderRefused(f"'{order.wallet}' address banned")
        case Restriction.CLOSED_ONLY if order.side is Side.BUY:
            raise OrderRefused(f"'{order.wallet}' address in closed only mode")
        case _:
            return


def check_funds(order: NewOrder, account: Account, market: Market, *, fee: Usdc, rules: Rules) -> None:
    """Open orders reserve what they can still take; a BUY needs its taker fee on top."""
    if order.side is Side.BUY:
        _check_balance(order, balance=account.cash_micro, reserved=account.reserved_cash_micro, fee=fee.micro)
        spenders = buy_spenders(market, order.token)
        for spender in spenders if rules.retired_adapter else spenders[:1]:
            _check_allowance(order, spender, account.allowances.get(spender, 0), needed=order.making + fee.micro)
        return
    held, reserved = account.held_micro.get(order.token, 0), account.reserved_shares_micro.get(order.token, 0)
    _check_balance(order, balance=held, reserved=reserved, fee=0)
    operator = exchange_of(order.token, neg_risk=market.neg_risk)
    _check_allowance(
        order, operator, order.making if account.may_move(order.token, operator) else 0, needed=order.making
    )


_SHORT = "not enough balance / allowance"


def _check_balance(order: NewOrder, *, balance: int, reserved: int, fee: int) -> None:
    if balance - reserved >= order.making + fee:
        return
    if fee or reserved:
        detail = f"sum of matched orders: {reserved}, order amount (inc. fees): {order.making + fee}"
    else:
        detail = f"order amount: {order.making}"
    raise NotEnough(f"{_SHORT}: the balance is not enough -> balance: {balance}, {detail}")


def _check_allowance(order: NewOrder, spender: str, allowance: int, *, needed: int) -> None:
    if allowance < needed:
        detail = f"spender: {checksum(spender)}, allowance: {allowance}, order amount: {needed}"
        raise NotEnough(f"{_SHORT}: the allowance is not enough -> {detail}")


def decimal(micro: int) -> str:
    """Micro-units as a plain decimal number."""
    return str(Usdc(micro))
