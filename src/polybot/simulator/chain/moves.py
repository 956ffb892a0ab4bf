"""Moves of cash and shares outside the book, as the contracts log them."""

from collections.abc import Iterator

from polybot.core.market import Market, MarketVersion
from polybot.core.money import MICRO
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    CONDITIONAL_TOKENS,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    OFFRAMP,
    ONRAMP,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
)
from polybot.simulator.chain import abi
from polybot.simulator.chain.abi import Log
from polybot.simulator.chain.tokens import MarketTokens, cash, unwrapped, wrapped
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import OUTSIDE, MarketResolved
from polybot.simulator.engine.moves import GIFTS, Move, MoveRow

ORACLE = "0x6a9d222616c90fca5754cd1333cfd9b7fb6a4f74"
"""UMA's adapter, which reports results."""
REPORTER = "0x00000000000000000000000000007265706f7274"
REDEEMER = "0x0000000000000000000000000000726564656d72"
"""Who sends the AutoRedeemer's transactions."""
_OPERATORS = {CONDITIONAL_TOKENS.lower(), POSITION_MANAGER.lower()}


def target(exchange: Exchange, row: MoveRow) -> str:
    """The contract that a wallet calls for it."""
    match row.kind:
        case Move.SPLIT | Move.MERGE | Move.REDEEM:
            market = _market(exchange, row)
            return ROUTER if market.version is MarketVersion.V2 else MarketTokens(market).adapter
        case Move.CONVERSION:
            return NEG_RISK_COLLATERAL_ADAPTER
        case Move.WRAP:
            return ONRAMP
        case Move.UNWRAP:
            return OFFRAMP
        case Move.APPROVAL:
            return row.approval.contract if row.approval else PUSD
        case _:
            return PUSD


def logs(exchange: Exchange, row: MoveRow) -> Iterator[Log]:
    match row.kind:
        case Move.SPLIT | Move.MERGE | Move.REDEEM:
            yield from _pairs(MarketTokens(_market(exchange, row)), row)
        case Move.CONVERSION:
            yield from _converted(exchange, row)
        case Move.WRAP:
            yield from wrapped(row.wallet, row.wallet, row.usdc.micro)
        case Move.UNWRAP:
            yield from unwrapped(row.wallet, row.wallet, -row.usdc.micro)
        case Move.APPROVAL:
            yield from _approved(row)
        case Move.WITHDRAWAL:
            yield cash(row.wallet, row.counterparty, -row.usdc.micro)
        case _:
            yield from _received(row)


def _received(row: MoveRow) -> Iterator[Log]:
    """From a wallet of the venue: its withdrawal tells the same transfer."""
    if row.kind in GIFTS or row.counterparty == OUTSIDE:
        yield cash(OUTSIDE, row.wallet, row.usdc.micro)


def _pairs(tokens: MarketTokens, row: MoveRow) -> Iterator[Log]:
    match row.kind:
        case Move.SPLIT:
            return tokens.split(row.wallet, -row.usdc.micro)
        case Move.MERGE:
            return tokens.merge(row.wallet, row.usdc.micro)
        case _:
            shares = {leg.token: -leg.micro for leg in row.legs}
            caller = AUTO_REDEEMER if row.auto else ROUTER
            return tokens.redeem(row.wallet, shares, row.usdc.micro, caller=caller)


def _converted(exchange: Exchange, row: MoveRow) -> Iterator[Log]:
    """NO goes in, YES of the other questions comes out, and pUSD for every NO but one."""
    adapter, wallet, amount = NEG_RISK_COLLATERAL_ADAPTER, row.wallet, max(abs(leg.micro) for leg in row.legs)
    for give, taker in ((True, adapter), (False, wallet)):
        moved = [leg for leg in row.legs if (leg.micro < 0) is give]
        if not give:
            yield abi.ADAPTER_CONVERSION.log(NEG_RISK_ADAPTER, adapter, row.group, row.index_set, amount)
        if moved:
            ids, amounts = [int(leg.token) for leg in moved], [abs(leg.micro) for leg in moved]
            giver = wallet if give else adapter
            yield abi.TRANSFER_BATCH.log(CONDITIONAL_TOKENS, adapter, giver, taker, ids, amounts)
    if row.usdc.micro:
        yield from wrapped(adapter, wallet, row.usdc.micro)


def _approved(row: MoveRow) -> Iterator[Log]:
    approval = row.approval
    if approval and approval.contract in _OPERATORS:
        yield abi.APPROVAL_FOR_ALL.log(approval.contract, row.wallet, approval.spender, approval.allowance > 0)
    elif approval:
        yield abi.APPROVAL.log(approval.contract, row.wallet, approval.spender, approval.allowance)


def resolved(exchange: Exchange, event: MarketResolved) -> Iterator[Log]:
    """The contract's own proportions: whole numbers for version 1, millionths for version 2."""
    market = exchange.market(event.condition)
    if market is None:
        return
    won = [event.winner in {None, outcome.token} for outcome in market.outcomes]
    share = MICRO // sum(won) if market.version is MarketVersion.V2 else 1
    yield MarketTokens(market).resolved([share * wins for wins in won], oracle=ORACLE)


def _market(exchange: Exchange, row: MoveRow) -> Market:
    market = exchange.market(row.condition)
    if market is None:
        raise LookupError(f"market {row.condition} is not listed")
    return market
