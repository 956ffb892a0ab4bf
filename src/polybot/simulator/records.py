"""What the venue's public indexers know: rows by wallet, holdings folded from them, markets and their prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import MICRO, Price, Shares, Usdc
from polybot.simulator.engine.model import FillRow, MarketListed
from polybot.simulator.engine.moves import Move, MoveRow, PositionsMoved
from polybot.simulator.wire.books import Snapshot
from polybot.simulator.wire.rows import Holding, Row
from polybot.simulator.worlds.world import World

_HALF = Price(MICRO // 2)


class Records:
    """Kept from the events of one world; rows in feed order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all: list[Row] = []
        self._of: dict[Wallet, list[Row]] = defaultdict(list)

    # kept up by the feeds

    def add_fill(self, fill: FillRow) -> Row:
        market = self.market(fill.condition)
        return self._add(
            Row(
                kind="TRADE",
                wallet=fill.wallet,
                market=market,
                event_slug=self.event_slug(market),
                token=fill.token,
                side=fill.side,
                shares=fill.shares,
                usdc=fill.usdc,
                fee=fill.fee,
                tx=fill.tx,
                at_ns=fill.at_ns,
                sequence=fill.sequence,
                taker=fill.taker,
                name=self.name_of(fill.wallet),
            )
        )

    def hear(self, event: MarketListed | PositionsMoved) -> None:
        if isinstance(event, PositionsMoved):
            self._add_move(event.row)

    def _add_move(self, move: MoveRow) -> None:
        """Redemptions, a row for each outcome."""
        for leg in move.legs if move.kind is Move.REDEEM else ():
            market = self.market(leg.condition)
            self._add(
                Row(
                    kind="REDEEM",
                    wallet=move.wallet,
                    market=market,
                    event_slug=self.event_slug(market),
                    token=leg.token,
                    side=None,
                    shares=Shares(-leg.micro),
                    usdc=leg.usdc,
                    fee=Usdc(0),
                    tx=move.tx,
                    at_ns=move.at_ns,
                    sequence=move.sequence,
                    taker=False,
                    name=self.name_of(move.wallet),
                )
            )

    def _add(self, row: Row) -> Row:
        self._all.append(row)
        self._of[row.wallet].append(row)
        return row

    # for the Data API

    def rows(self, wallet: Wallet | None) -> Sequence[Row]:
        return self._all if wallet is None else self._of.get(wallet, ())

    def holdings(self, wallet: Wallet, *, until_ns: int) -> list[Holding]:
        """As far as the rows up to `until_ns` tell, on top of what the wallet was granted."""
        folds: dict[TokenId, _Fold] = {}
        for position in self._world.exchange.positions_of(wallet):
            if position.granted:
                folds[position.token] = _Fold(shares=position.granted.micro, first_ns=0, last_ns=0)
        for row in self._of.get(wallet, ()):
            if row.at_ns <= until_ns:
                folds.setdefault(row.token, _Fold(first_ns=row.at_ns)).apply(row)
        return [self._holding(wallet, token, fold) for token, fold in folds.items()]

    def _holding(self, wallet: Wallet, token: TokenId, fold: "_Fold") -> Holding:
        market = self._world.exchange.market_of(token)
        if market is None:
            raise LookupError(f"token {token} was traded, but no market has it")
        return Holding(
            wallet=wallet,
            market=market,
            event_slug=self.event_slug(market),
            token=token,
            shares=Shares(fold.shares),
            bought=Shares(fold.bought),
            bought_usdc=Usdc(fold.spent),
            fees=Usdc(fold.fees),
            realized=Usdc(fold.realized),
            price=self.price(market, token),
            first_ns=fold.first_ns,
            last_ns=fold.last_ns,
            name=self.name_of(wallet),
        )

    # for Gamma and the CLOB

    def market(self, condition: ConditionId) -> Market:
        """LookupError if it is not listed."""
        market = self._world.exchange.market(condition)
        if market is None:
            raise LookupError(f"market {condition} is not listed")
        return market

    def market_of(self, token: TokenId) -> Market | None:
        return self._world.exchange.market_of(token)

    def markets(self) -> Sequence[Market]:
        return self._world.exchange.markets()

    def prices(self, market: Market) -> tuple[Price, Price]:
        first, second = market.outcomes
        return self.price(market, first.token), self.price(market, second.token)

    def price(self, market: Market, token: TokenId) -> Price:
        """The middle of the book, else the last trade, else a half; what a share is worth once resolved."""
        if market.winner is not None:
            return Price(MICRO if token == market.winner else 0)
        book = self._world.exchange.book(token)
        if book.bids and book.asks:
            return Price((book.bids[0].price.micro + book.asks[0].price.micro) // 2)
        return self._world.exchange.last_trade(token) or _HALF

    def snapshot(self, token: TokenId) -> Snapshot | None:
        """None for an unknown token and a closed market."""
        exchange = self._world.exchange
        market = exchange.market_of(token)
        if market is None or market.closed:
            return None
        last = exchange.last_trade(token)
        return Snapshot(
            market=market,
            view=exchange.book(token),
            changed_ms=exchange.book_changed_ns(token) // 1_000_000,
            last_trade="" if last is None else str(last),
        )

    def recorded(self, market: Market) -> Mapping[str, Any]:
        return self._world.exchange.recorded(market.condition)

    def event_slug(self, market: Market) -> str:
        return self._world.exchange.event_slug(market.condition) or market.slug

    def names(self) -> Mapping[Wallet, str]:
        return self._world.names()

    def name_of(self, wallet: Wallet) -> str:
        account = self._world.exchange.accounts.find(wallet)
        return account.name if account else ""


@dataclass(slots=True)
class _Fold:
    """A holding in micro-units while rows are added up; sales take out the average cost."""

    first_ns: int
    last_ns: int = 0
    shares: int = 0
    cost: int = 0
    bought: int = 0
    spent: int = 0
    fees: int = 0
    realized: int = 0

    def apply(self, row: Row) -> None:
        self.last_ns = row.at_ns
        self.fees += row.fee.micro
        if row.side is Side.BUY:
            self.shares += row.shares.micro
            self.bought += row.shares.micro
            self.cost += row.usdc.micro
            self.spent += row.usdc.micro
        else:
            gone = self.cost * row.shares.micro // self.shares if self.shares > row.shares.micro else self.cost
            self.shares = max(0, self.shares - row.shares.micro)
            self.cost -= gone
            self.realized += row.usdc.micro - gone
