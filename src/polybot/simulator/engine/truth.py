"""Ground truth: what happened to every wallet, added up at the moment it happens and from nothing else."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.simulator.engine.ledger import TrueFill, TruePosition
from polybot.simulator.engine.moves import Move, MoveRow

_OF_PAIRS = frozenset({Move.SPLIT, Move.MERGE, Move.CONVERSION})


@dataclass(slots=True)
class Holding:
    """Sums of one wallet and token, in micro-units; see TruePosition."""

    wallet: Wallet
    condition: ConditionId
    token: TokenId
    first_ns: int
    last_ns: int = 0
    granted: int = 0
    bought: int = 0
    sold: int = 0
    split: int = 0
    merged: int = 0
    converted: int = 0
    settled: int = 0
    spent: int = 0
    received: int = 0
    fees: int = 0
    paid_out: int = 0

    @property
    def shares(self) -> int:
        made = self.split - self.merged + self.converted
        return self.granted + self.bought - self.sold + made - self.settled

    @property
    def cash_flow(self) -> int:
        return self.received + self.paid_out - self.spent - self.fees

    def position(self, *, claim: Usdc | None) -> TruePosition:
        return TruePosition(
            wallet=self.wallet,
            condition=self.condition,
            token=self.token,
            shares=Shares(self.shares),
            granted=Shares(self.granted),
            bought=Shares(self.bought),
            sold=Shares(self.sold),
            split=Shares(self.split),
            merged=Shares(self.merged),
            converted=Shares(self.converted),
            settled=Shares(self.settled),
            spent=Usdc(self.spent),
            received=Usdc(self.received),
            fees=Usdc(self.fees),
            paid_out=Usdc(self.paid_out),
            claim=claim,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
        )


class Truth:
    """Fills, moves and holdings of every wallet but the house's."""

    def __init__(self) -> None:
        self.fills: list[TrueFill] = []
        self.failed: list[TrueFill] = []
        self.moves: list[MoveRow] = []
        self.killed: list[OrderId] = []
        self._pairs_cash: defaultdict[Wallet, int] = defaultdict(int)
        self._holdings: dict[Wallet, dict[TokenId, Holding]] = {}

    def fill(self, fill: TrueFill) -> None:
        self.fills.append(fill)
        self._count(fill, sign=1)

    def _count(self, fill: TrueFill, *, sign: int) -> None:
        holding = self._holding(fill.wallet, fill.condition, fill.token, fill.at_ns)
        holding.fees += sign * fill.fee.micro
        if fill.side is Side.BUY:
            holding.bought += sign * fill.shares.micro
            holding.spent += sign * fill.usdc.micro
        else:
            holding.sold += sign * fill.shares.micro
            holding.received += sign * fill.usdc.micro

    def fail(self, trade: TradeId, *, since_ns: int) -> None:
        """Its fills, none older than `since_ns`, never were."""
        first = bisect_left(self.fills, since_ns, key=lambda fill: fill.at_ns)
        late = self.fills[first:]
        self.fills[first:] = [fill for fill in late if fill.trade != trade]
        for fill in late:
            if fill.trade == trade:
                self.failed.append(fill)
                self._count(fill, sign=-1)

    def grant(self, wallet: Wallet, *, condition: ConditionId, token: TokenId, shares: Shares, at_ns: int) -> None:
        self._holding(wallet, condition, token, at_ns).granted += shares.micro

    def move(self, row: MoveRow) -> None:
        self.moves.append(row)
        for leg in row.legs:
            holding = self._holding(row.wallet, leg.condition, leg.token, row.at_ns)
            match row.kind:
                case Move.SPLIT:
                    holding.split += leg.micro
                case Move.MERGE:
                    holding.merged -= leg.micro
                case Move.CONVERSION:
                    holding.converted += leg.micro
                case _:
                    holding.settled -= leg.micro
                    holding.paid_out += leg.usdc.micro
        if row.kind in _OF_PAIRS:
            self._pairs_cash[row.wallet] += row.usdc.micro

    def cash_flow(self, wallet: Wallet) -> int:
        """The change of a wallet's cash by all that is no deposit, in micro-units."""
        return self._pairs_cash[wallet] + sum(holding.cash_flow for holding in self.of(wallet))

    def holdings(self) -> list[Holding]:
        return [holding for by_token in self._holdings.values() for holding in by_token.values()]

    def of(self, wallet: Wallet) -> list[Holding]:
        return list(self._holdings.get(wallet, {}).values())

    def _holding(self, wallet: Wallet, condition: ConditionId, token: TokenId, at_ns: int) -> Holding:
        by_token = self._holdings.setdefault(wallet, {})
        holding = by_token.get(token)
        if holding is None:
            holding = by_token[token] = Holding(wallet, condition, token, at_ns)
        holding.last_ns = max(holding.last_ns, at_ns)
        return holding
