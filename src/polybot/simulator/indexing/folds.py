"""Holdings and results of one wallet, folded from its rows. Micro-units; average cost, exact to the micro-unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.simulator.engine.moves import MoveLeg
from polybot.simulator.wire.rows import Row


@dataclass(slots=True)
class Fold:
    """One token. `cost` and `entry_fees` belong to the `shares` held; what leaves takes its part along."""

    first_ns: int
    last_ns: int = 0
    shares: int = 0
    cost: int = 0
    entry_fees: int = 0
    bought: int = 0
    bought_usdc: int = 0
    realized: int = 0

    def enter(self, shares: int, usdc: int, *, fee: int = 0) -> None:
        self.shares += shares
        self.bought += shares
        self.cost += usdc
        self.bought_usdc += usdc
        self.entry_fees += fee

    def leave(self, shares: int, usdc: int) -> None:
        self.realized += usdc - self.take_out(shares)

    def take_out(self, shares: int) -> int:
        """The cost that leaves with the shares."""
        if shares >= self.shares:
            gone, self.cost, self.entry_fees, self.shares = self.cost, 0, 0, 0
            return gone
        gone = self.cost * shares // self.shares
        self.entry_fees -= self.entry_fees * shares // self.shares
        self.cost -= gone
        self.shares -= shares
        return gone


@dataclass(slots=True)
class WalletBook:
    """Sums over a wallet's life: `income` is cash by kind of row, `volume` both sides in shares.

    `fees_in_cost`: fees of purchases are part of the cost.
    """

    fees_in_cost: bool = False
    folds: dict[TokenId, Fold] = field(default_factory=dict)
    income: dict[str, int] = field(default_factory=dict)
    volume: int = 0
    volume_usdc: int = 0
    trades: int = 0
    fees: int = 0
    entry_fees: int = 0
    _read: int = 0

    def read(self, rows: Sequence[Row], *, until_ns: int) -> "WalletBook":
        """Goes on where it stopped, through rows up to `until_ns`; what was read stays read."""
        while self._read < len(rows) and rows[self._read].at_ns <= until_ns:
            self.apply(rows[self._read])
            self._read += 1
        return self

    @property
    def realized(self) -> int:
        """Net of all fees paid so far."""
        fees = 0 if self.fees_in_cost else self.entry_fees
        return sum(fold.realized for fold in self.folds.values()) - fees

    def apply(self, row: Row) -> None:
        match row.kind:
            case "TRADE":
                self._trade(row)
            case "CONVERSION":
                self._convert(row)
            case "SPLIT" | "MERGE" | "REDEEM":
                for leg in row.legs:
                    self._move(row, leg)
            case kind:
                self.income[kind] = self.income.get(kind, 0) + row.usdc.micro

    def _trade(self, row: Row) -> None:
        fold, fee = self._fold(row.token, row.at_ns), row.fee.micro
        self.trades += 1
        self.fees += fee
        self.volume += row.shares.micro
        self.volume_usdc += row.usdc.micro
        if row.side is Side.BUY:
            self.entry_fees += fee
            fold.enter(row.shares.micro, row.usdc.micro + fee * self.fees_in_cost, fee=fee)
        else:
            fold.leave(row.shares.micro, row.usdc.micro - fee)

    def _move(self, row: Row, leg: MoveLeg) -> None:
        """A pair costs 1 and brings 1, half of it for each outcome."""
        fold = self._fold(leg.token, row.at_ns)
        if leg.micro > 0:
            fold.enter(leg.micro, leg.micro // 2)
        else:
            fold.leave(-leg.micro, leg.usdc.micro if row.kind == "REDEEM" else -leg.micro // 2)

    def _convert(self, row: Row) -> None:
        """As Polymarket's own accounting does: the NOs leave at cost, the YESes share what cash did not cover."""
        given = [leg for leg in row.legs if leg.micro < 0]
        got = [leg for leg in row.legs if leg.micro > 0]
        cost = sum(self._fold(leg.token, row.at_ns).take_out(-leg.micro) for leg in given) - row.usdc.micro
        if cost < 0 or not got:
            self._fold(given[0].token, row.at_ns).realized -= cost
            cost = 0
        for i, leg in enumerate(got):
            part = cost // len(got) + (cost % len(got) if i == 0 else 0)
            self._fold(leg.token, row.at_ns).enter(leg.micro, part)

    def _fold(self, token: TokenId, at_ns: int) -> Fold:
        fold = self.folds.setdefault(token, Fold(first_ns=at_ns))
        fold.last_ns = at_ns
        return fold
