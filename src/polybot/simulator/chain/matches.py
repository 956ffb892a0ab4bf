"""A match as its transaction shows it: calldata, and logs in the order of the contracts' source.

CTF Exchange V2 settles complementary matches wallet to wallet; where a pair is minted or merged, everything passes
through the exchange. Exchange V3 emits the makers' OrderFilled before it splits or merges, FeeCharged after.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from polybot.core.market import Market, Side
from polybot.polymarket.contracts import Exchange, exchange_for
from polybot.polymarket.orders import OrderData
from polybot.simulator.chain import abi
from polybot.simulator.chain.abi import Log
from polybot.simulator.chain.tokens import MarketTokens, cash
from polybot.simulator.engine.model import FEE_COLLECTOR

SIDES = {Side.BUY: 0, Side.SELL: 1}


@dataclass(frozen=True, slots=True)
class Filled:
    """One order's part: micro-units, the fee its own. `order` is its hash, `data` and `signature` what was signed."""

    order: str
    data: OrderData
    signature: bytes
    shares: int
    usdc: int
    fee: int = 0

    @property
    def wallet(self) -> str:
        return self.data.maker.lower()

    @property
    def buys(self) -> bool:
        return self.data.side is Side.BUY

    @property
    def making(self) -> int:
        """In the asset it gives."""
        return self.usdc if self.buys else self.shares

    @property
    def taking(self) -> int:
        return self.shares if self.buys else self.usdc


@dataclass(frozen=True, slots=True)
class Match:
    market: Market
    taker: Filled
    makers: tuple[Filled, ...]

    @property
    def exchange(self) -> Exchange:
        return exchange_for(self.taker.data.token, neg_risk=self.market.neg_risk)

    @property
    def complementary(self) -> bool:
        """Every maker is on the other side."""
        return all(maker.data.side is not self.taker.data.side for maker in self.makers)


def calldata(match: Match) -> bytes:
    taker, makers = match.taker, match.makers
    orders = [_order(maker) for maker in makers]
    fills, fees = [maker.making for maker in makers], [maker.fee for maker in makers]
    if match.exchange.version == "3":
        amounts = (taker.making, taker.taking, taker.fee)
        return abi.MATCH_ORDERS_V3.call(_order(taker), orders, fills, fees, amounts)
    condition = bytes.fromhex(match.market.condition[2:])
    return abi.MATCH_ORDERS_V2.call(condition, _order(taker), orders, taker.making, fills, taker.fee, fees)


def _order(filled: Filled) -> tuple[object, ...]:
    data = filled.data
    return (
        data.salt, data.maker, data.signer, int(data.token), data.maker_amount, data.taker_amount, SIDES[data.side],
        int(data.signature_type), data.timestamp_ms, data.metadata, data.builder, filled.signature,
    )  # fmt: skip


def logs(match: Match) -> Iterator[Log]:
    ledger = _MatchLogs(match)
    if match.exchange.version == "3":
        return ledger.v3_direct() if match.complementary else ledger.v3_pooled()
    return ledger.direct() if match.complementary else ledger.pooled()


class _MatchLogs:
    def __init__(self, match: Match) -> None:
        self._taker = match.taker
        self._makers = match.makers
        self._tokens = MarketTokens(match.market)
        self._exchange = match.exchange.address.lower()
        pairs = [maker.shares for maker in match.makers if maker.data.side is match.taker.data.side]
        self._paired = sum(pairs)

    # CTF Exchange V2

    def direct(self) -> Iterator[Log]:
        taker = self._taker
        for maker in self._makers:
            yield from self._swap(maker)
            yield self._filled(maker)
        yield from self._fee(taker)
        if not taker.buys:
            yield cash(self._exchange, taker.wallet, taker.usdc - taker.fee)
        yield from self._taker_events()
        if taker.fee:
            yield cash(taker.wallet if taker.buys else self._exchange, FEE_COLLECTOR, taker.fee)

    def _swap(self, maker: Filled) -> Iterator[Log]:
        taker, token = self._taker, maker.data.token
        if taker.buys:
            yield self._tokens.one(self._exchange, maker.wallet, taker.wallet, token, maker.shares)
            yield cash(taker.wallet, maker.wallet, maker.usdc)
            return
        yield self._tokens.one(self._exchange, taker.wallet, maker.wallet, token, maker.shares)
        yield cash(maker.wallet, self._exchange, maker.usdc)

    def pooled(self) -> Iterator[Log]:
        taker = self._taker
        yield self._collected(taker, taker.making + (taker.fee if taker.buys else 0))
        for maker in self._makers:
            yield self._collected(maker, maker.making)
        yield from self._paired_up()
        for maker in self._makers:
            yield self._handed_out(maker, maker.taking)
            yield self._filled(maker)
        if taker.buys:
            yield from self._fee(taker)
            yield from self._fee_paid()
            yield self._handed_out(taker, taker.taking)
            yield from self._taker_events()
            return
        yield self._handed_out(taker, taker.taking - taker.fee)
        yield from self._fee(taker)
        yield from self._taker_events()
        yield from self._fee_paid()

    # Exchange V3

    def v3_direct(self) -> Iterator[Log]:
        taker = self._taker
        for maker in self._makers:
            yield from self._v3_swap(maker)
        if not taker.buys and taker.fee:
            yield cash(self._exchange, taker.wallet, taker.usdc - taker.fee)
        yield from self._fee(taker)
        if taker.fee:
            yield cash(taker.wallet if taker.buys else self._exchange, FEE_COLLECTOR, taker.fee)
        yield from self._taker_events()

    def _v3_swap(self, maker: Filled) -> Iterator[Log]:
        """A seller's proceeds pass through the exchange only if a fee is kept back."""
        taker = self._taker
        if taker.buys:
            yield from self._swap(maker)
            yield self._filled(maker)
        elif taker.fee:
            yield self._filled(maker)
            yield cash(maker.wallet, self._exchange, maker.usdc)
            yield self._sold(maker)
        else:
            yield self._sold(maker)
            yield cash(maker.wallet, taker.wallet, maker.usdc)
            yield self._filled(maker)

    def _sold(self, maker: Filled) -> Log:
        return self._tokens.one(self._exchange, self._taker.wallet, maker.wallet, maker.data.token, maker.shares)

    def v3_pooled(self) -> Iterator[Log]:
        taker = self._taker
        yield from self._v3_minted() if taker.buys else self._v3_merged()
        yield self._handed_out(taker, taker.taking - (0 if taker.buys else taker.fee))
        yield from self._fee_paid()
        yield from self._fee(taker)
        yield from self._taker_events()

    def _v3_minted(self) -> Iterator[Log]:
        yield self._collected(self._taker, self._taker.making + self._taker.fee)
        for maker in self._makers:
            yield self._collected(maker, maker.making)
            yield self._filled(maker)
        yield from self._paired_up()
        for maker in self._makers:
            yield self._handed_out(maker, maker.taking)

    def _v3_merged(self) -> Iterator[Log]:
        """Shares go straight to the module or to who buys them."""
        taker, module = self._taker, self._tokens.module
        for maker in self._makers:
            if maker.buys:
                yield self._collected(maker, maker.making)
            else:
                yield self._tokens.one(self._exchange, maker.wallet, module, maker.data.token, maker.shares)
            yield self._filled(maker)
        yield self._tokens.one(self._exchange, taker.wallet, module, taker.data.token, self._paired)
        yield from self._tokens.module_merges(self._exchange, self._paired, caller=self._exchange)
        for maker in self._makers:
            yield self._sold(maker) if maker.buys else self._handed_out(maker, maker.taking)

    # what both do

    def _collected(self, filled: Filled, micro: int) -> Log:
        if filled.buys:
            return cash(filled.wallet, self._exchange, micro)
        return self._tokens.one(self._exchange, filled.wallet, self._exchange, filled.data.token, micro)

    def _handed_out(self, filled: Filled, micro: int) -> Log:
        if filled.buys:
            return self._tokens.one(self._exchange, self._exchange, filled.wallet, filled.data.token, micro)
        return cash(self._exchange, filled.wallet, micro)

    def _paired_up(self) -> Iterator[Log]:
        turn: Callable[..., Iterator[Log]] = self._tokens.split if self._taker.buys else self._tokens.merge
        return turn(self._exchange, self._paired, caller=self._exchange)

    def _fee(self, filled: Filled) -> Iterator[Log]:
        if filled.fee:
            yield abi.FEE_CHARGED.log(self._exchange, FEE_COLLECTOR, filled.fee)

    def _fee_paid(self) -> Iterator[Log]:
        if self._taker.fee:
            yield cash(self._exchange, FEE_COLLECTOR, self._taker.fee)

    def _taker_events(self) -> Iterator[Log]:
        taker = self._taker
        yield self._filled(taker)
        yield abi.ORDERS_MATCHED.log(
            self._exchange, taker.order, taker.wallet, SIDES[taker.data.side], int(taker.data.token),
            taker.making, taker.taking,
        )  # fmt: skip

    def _filled(self, filled: Filled) -> Log:
        """A maker's names the taker's wallet as taker, the taker's own the exchange."""
        data = filled.data
        return abi.ORDER_FILLED.log(
            self._exchange, filled.order, filled.wallet,
            self._exchange if filled is self._taker else self._taker.wallet,
            SIDES[data.side], int(data.token), filled.making, filled.taking, filled.fee, data.builder, data.metadata,
        )  # fmt: skip
