"""Cash, reservations and positions in memory, as the store has them: what snapshots are made of."""

from collections.abc import Iterable

from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.ledger import Position, Settlement, cash_change, fold, outranks
from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Price, Shares, Usdc, proceeds_floor
from polybot.core.orders import TERMINAL_TRADE, Intent, OurFill, TradeStatus

Held = tuple[Wallet, TokenId]
"""Positions are kept per target: (target, token)."""


class Portfolio:
    """Fed with exactly what the store was fed with; asked without waiting."""

    def __init__(self, cash: Usdc = ZERO_USDC) -> None:
        self.cash = cash
        self._intents: dict[OrderId, Intent] = {}
        self._live: set[OrderId] = set()
        self._fills: dict[Held, dict[tuple[str, OrderId], OurFill]] = {}
        self._unsettled: dict[tuple[str, OrderId], OurFill] = {}
        self._settled: dict[TokenId, Settlement] = {}
        self._positions: dict[Held, Position] = {}
        self._paid_out: dict[Held, Usdc] = {}

    def reserve(self, order: OrderId, intent: Intent) -> None:
        """From now on the order may spend or sell."""
        self._intents[order] = intent
        self._live.add(order)

    def release(self, order: OrderId) -> None:
        """Nothing more of the order can fill."""
        self._live.discard(order)

    def forget(self, order: OrderId) -> None:
        """The order was never sent, so nothing of it can ever fill."""
        self._live.discard(order)
        self._intents.pop(order, None)

    def known(self, order: OrderId) -> bool:
        return order in self._intents

    def remember(self, order: OrderId, intent: Intent) -> None:
        """An order of the past, whose fills may still change."""
        self._intents[order] = intent

    def apply_fill(self, fill: OurFill) -> bool:
        """Idempotent; False if nothing changed. KeyError for an order that is not ours."""
        held = (self._intents[fill.order].target, fill.token)
        fills = self._fills.setdefault(held, {})
        key = (fill.trade, fill.order)
        before = fills.get(key)
        if before is not None and not outranks(fill, before):
            return False
        fills[key] = fill
        if fill.status in TERMINAL_TRADE:
            self._unsettled.pop(key, None)
        else:
            self._unsettled[key] = fill
        self.cash += cash_change(fill) - (cash_change(before) if before else ZERO_USDC)
        self._refold(held, fill.condition)
        return True

    def settle(self, settlement: Settlement) -> bool:
        """Every position in the token ends at its payout. False if it was settled before."""
        if settlement.token in self._settled:
            return False
        self._settled[settlement.token] = settlement
        for held in [held for held in self._positions if held[1] == settlement.token]:
            self._refold(held, settlement.condition)
        return True

    def reserved(self) -> Usdc:
        return sum((self._left(order) for order in self._live), ZERO_USDC)

    def free_cash(self) -> Usdc:
        return self.cash - self.reserved()

    def exposure(self, target: Wallet, token: TokenId) -> Usdc:
        """Cost of what is held for the target, and what open buys of it may still spend."""
        held = (target, token)
        position = self._positions.get(held)
        opened = sum((self._left(o) for o in self.open_on(held, Side.BUY)), ZERO_USDC)
        return (position.cost if position else ZERO_USDC) + opened

    def inventory(self, target: Wallet, token: TokenId) -> Shares:
        """What is held for the target and not yet offered by an open sell; never below zero."""
        held = (target, token)
        position = self._positions.get(held)
        offered = sum((self._unsold(o) for o in self.open_on(held, Side.SELL)), ZERO_SHARES)
        return max(ZERO_SHARES, (position.shares if position else ZERO_SHARES) - offered)

    def open_on(self, held: Held, side: Side) -> list[OrderId]:
        """Orders of the side that may still fill in the position, answered or not."""
        return [
            order
            for order in self._live
            if (i := self._intents[order]).terms.side is side and (i.target, i.terms.token) == held
        ]

    def positions(self) -> Iterable[Position]:
        return self._positions.values()

    def tokens(self) -> set[TokenId]:
        """Held, on order, or in a trade whose end is not proven: what the market must stay known of."""
        held = {token for (_, token), position in self._positions.items() if position.shares.micro > 0}
        on_order = {self._intents[order].terms.token for order in self._live}
        return held | on_order | {fill.token for fill in self._unsettled.values()}

    def open_positions(self) -> int:
        """Dust that no order can sell takes up no room."""
        return sum(1 for p in self._positions.values() if p.shares.micro >= SHARE_GRAIN)

    def holdings(self) -> dict[TokenId, Shares]:
        """Of each token, over all targets."""
        held: dict[TokenId, Shares] = {}
        for (_, token), position in self._positions.items():
            held[token] = held.get(token, ZERO_SHARES) + position.shares
        return held

    def payouts(self) -> dict[TokenId, Usdc]:
        """What each settled token brought, over all targets."""
        paid: dict[TokenId, Usdc] = {}
        for (_, token), usdc in self._paid_out.items():
            paid[token] = paid.get(token, ZERO_USDC) + usdc
        return paid

    def filled(self, order: OrderId) -> Shares:
        return sum((f.shares for f in self._fills_of(order)), ZERO_SHARES)

    def matched(self, order: OrderId) -> Shares:
        """What was ever matched of it, trades that failed afterwards included."""
        return sum((f.shares for f in self._fills_of(order, failed=True)), ZERO_SHARES)

    def spent(self, order: OrderId) -> Usdc:
        """Dollars ever matched of it, fees left out."""
        return sum((f.usdc for f in self._fills_of(order, failed=True)), ZERO_USDC)

    def trades(self, order: OrderId) -> set[str]:
        return {f.trade for f in self._fills_of(order, failed=True)}

    def open_orders(self) -> list[tuple[OrderId, Intent]]:
        return [(order, self._intents[order]) for order in self._live]

    def unsettled_trades(self) -> list[OurFill]:
        """Fills whose end (CONFIRMED or FAILED) is not proven yet."""
        return list(self._unsettled.values())

    def settling(self, order: OrderId) -> bool:
        """Whether a trade of the order may still fail."""
        return any(fill.order == order for fill in self._unsettled.values())

    def _refold(self, held: Held, condition: ConditionId) -> None:
        target, token = held
        fills = self._fills.get(held, {}).values()
        settlement = self._settled.get(token)
        position = self._positions[held] = fold(target, token, condition, fills, settlement)
        if settlement:
            paid = proceeds_floor(position.settled, Price(settlement.payout.micro))
            self.cash += paid - self._paid_out.get(held, ZERO_USDC)
            self._paid_out[held] = paid

    def _fills_of(self, order: OrderId, *, failed: bool = False) -> Iterable[OurFill]:
        intent = self._intents[order]
        fills = self._fills.get((intent.target, intent.terms.token), {}).values()
        return [f for f in fills if f.order == order and (failed or f.status is not TradeStatus.FAILED)]

    def _left(self, order: OrderId) -> Usdc:
        spent = sum((f.usdc + f.fee for f in self._fills_of(order)), ZERO_USDC)
        return max(ZERO_USDC, self._intents[order].reserve_usdc - spent)

    def _unsold(self, order: OrderId) -> Shares:
        return max(ZERO_SHARES, self._intents[order].terms.shares - self.filled(order))
