"""From the exchange's trades and recorded prints to matches with orders; where nobody signed one it is made up."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.orders import SignatureType
from polybot.polymarket.orders import OrderData
from polybot.simulator.chain.matches import Filled, Match
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import HOUSE, FillRow, MakerLeg, SimTrade


@dataclass(frozen=True, slots=True)
class _Part:
    """What one order gave and got."""

    wallet: Wallet
    token: TokenId
    side: Side
    shares: int
    usdc: int
    fee: int = 0


def match_of_trade(exchange: Exchange, trade: SimTrade) -> Match:
    market = _market(exchange, trade.token)
    at_ms = trade.matched_ns // 1_000_000
    taker = _filled(exchange, trade.order, _of_trade(trade, fee=trade.fee.micro), at_ms=at_ms)
    makers = tuple(_filled(exchange, leg.order, _of_trade(leg), at_ms=at_ms) for leg in trade.legs)
    return Match(market, taker, makers)


def match_of_rows(exchange: Exchange, rows: Sequence[FillRow]) -> Match:
    """The first row is the taker's. What the recorded makers do not cover comes from the house."""
    parts = [_Part(row.wallet, row.token, row.side, row.shares.micro, row.usdc.micro, row.fee.micro) for row in rows]
    taker, makers = parts[0], parts[1:]
    lacking = taker.shares - sum(maker.shares for maker in makers)
    if lacking > 0:
        usdc = taker.usdc * lacking // taker.shares
        makers.append(_Part(HOUSE, taker.token, taker.side.opposite, lacking, usdc))
    at_ms = rows[0].at_ns // 1_000_000
    orders = [_made_up_hash(rows[0].tx, number) for number in range(len(makers) + 1)]
    mine, *others = (
        _made_up(exchange, order, part, at_ms=at_ms) for order, part in zip(orders, [taker, *makers], strict=True)
    )
    return Match(_market(exchange, taker.token), mine, tuple(others))


def _of_trade(part: SimTrade | MakerLeg, *, fee: int = 0) -> _Part:
    return _Part(part.wallet, part.token, part.side, part.shares.micro, part.usdc.micro, fee)


def _market(exchange: Exchange, token: TokenId) -> Market:
    market = exchange.market_of(token)
    if market is None:
        raise LookupError(f"token {token} is in no market")
    return market


def _filled(exchange: Exchange, order: OrderId, part: _Part, *, at_ms: int) -> Filled:
    asked = exchange.asked(order)
    if asked is None or asked.data is None:
        return _made_up(exchange, order, part, at_ms=at_ms)
    return Filled(order, asked.data, asked.signature, part.shares, part.usdc, part.fee)


def _made_up(exchange: Exchange, order: str, part: _Part, *, at_ms: int) -> Filled:
    """An order that is filled exactly by this."""
    account = exchange.accounts.find(part.wallet)
    kind = account.signature_type if account else SignatureType.EOA
    signer = account.owner if account and kind is not SignatureType.POLY_1271 else part.wallet
    gives, gets = (part.usdc, part.shares) if part.side is Side.BUY else (part.shares, part.usdc)
    data = OrderData(
        salt=int(order[2:15], 16), maker=part.wallet, signer=signer, token=part.token, maker_amount=gives,
        taker_amount=gets, side=part.side, signature_type=kind, timestamp_ms=at_ms,
    )  # fmt: skip
    return Filled(order, data, _noise(order, "signature", size=64) + b"\x1b", part.shares, part.usdc, part.fee)


def _made_up_hash(tx: str, number: int) -> str:
    return "0x" + _noise(tx, f"order{number}", size=32).hex()


def _noise(*of: str, size: int) -> bytes:
    return hashlib.blake2b(":".join(of).encode(), digest_size=size).digest()
