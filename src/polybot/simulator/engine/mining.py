"""The way of trades onto the chain: mined as blocks start, reverted and tried again, confirmed, or undone."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from polybot.core.ids import TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Usdc
from polybot.core.orders import TradeStatus
from polybot.simulator.engine.accounts import SYSTEM, Account, Accounts
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.blocks import block_at, block_ns, first_block_from
from polybot.simulator.engine.listings import Listings
from polybot.simulator.engine.meddler import MINED, Fate, Honest, Meddler
from polybot.simulator.engine.model import (
    FillRow,
    FillsPublished,
    FillsWithdrawn,
    Listener,
    MakerLeg,
    SimTrade,
    TradeChanged,
)
from polybot.simulator.engine.numbering import Numbering
from polybot.simulator.engine.rules import Rules
from polybot.simulator.engine.truth import Truth

Part = SimTrade | MakerLeg
Step = Callable[[SimTrade], None]


class Mining:
    """All trades and their progress. Several may share a block; they are mined in the order of their matches.

    A transaction reverts if it would leave a wallet with less than nothing on the chain, as when it sells what an
    earlier, failed trade never brought; so what hangs on a failed trade fails too. Shares that left the wallet by
    then stay owed: its holding is negative.
    """

    def __init__(
        self,
        *,
        accounts: Accounts,
        listings: Listings,
        truth: Truth,
        agenda: Agenda,
        rules: Rules,
        numbers: Numbering,
        emit: Listener,
    ) -> None:
        self.meddler: Meddler = Honest()
        self.on_undone: Callable[[Account], None] = _nobody
        """Called with every account whose part in a trade was undone."""
        self._accounts = accounts
        self._listings = listings
        self._truth = truth
        self._agenda = agenda
        self._rules = rules
        self._mined_after_ns = round(rules.mined_after_s * 1e9)
        self._numbers = numbers
        self._emit = emit
        self._trades: dict[TradeId, SimTrade] = {}
        self._by_owner: defaultdict[Wallet, dict[TradeId, None]] = defaultdict(dict)
        self._fates: dict[TradeId, Fate] = {}
        self._blocks: dict[int, list[tuple[Step, SimTrade]]] = {}

    def find(self, trade: TradeId) -> SimTrade | None:
        return self._trades.get(trade)

    def of(self, owner: Wallet) -> list[SimTrade]:
        return [self._trades[trade] for trade in self._by_owner.get(owner, ())]

    def __len__(self) -> int:
        return len(self._trades)

    def tx_of(self, trade: SimTrade) -> str:
        """The hash of the transaction that is under way or was the last."""
        return self._numbers.tx(trade.number, attempt=trade.attempt)

    def submit(self, trade: SimTrade) -> None:
        """A match, already in the accounts."""
        for owner in dict.fromkeys([trade.owner, *(leg.owner for leg in trade.legs)]):
            if owner not in SYSTEM:
                self._by_owner[owner][trade.id] = None
        self._on_chain(trade, sign=-1)
        self._tell(trade)
        fate = self.meddler.fate(trade)
        if fate != MINED:
            self._fates[trade.id] = fate
        self._send(trade)

    def revert(self, trade_id: TradeId, *, again: bool) -> None:
        """A reorg takes a mined trade out of the chain; with `again` a later block has it, else it fails.

        ValueError if it is not MINED.
        """
        trade = self._trades[trade_id]
        if trade.status is not TradeStatus.MINED:
            raise ValueError(f"trade {trade_id} is {trade.status}: only a MINED one can be reverted")
        self._on_chain(trade, sign=-1)
        self._fates[trade_id] = Fate(retries=trade.attempt + 1, fails=not again)
        self._emit(FillsWithdrawn(self._agenda.now_ns, trade.tx))
        self._retry(trade)

    def _send(self, trade: SimTrade) -> None:
        self._at(first_block_from(self._agenda.now_ns + self._mined_after_ns), self._attempt, trade)

    def _at(self, block: int, step: Step, trade: SimTrade) -> None:
        steps = self._blocks.get(block)
        if steps is None:
            steps = self._blocks[block] = []
            self._agenda.at(block_ns(block), lambda: self._start(block))
        steps.append((step, trade))

    def _start(self, block: int) -> None:
        for step, trade in self._blocks.pop(block):
            step(trade)

    def _attempt(self, trade: SimTrade) -> None:
        fate = self._fates.get(trade.id, MINED)
        if trade.attempt < fate.retries:
            self._retry(trade)
        elif fate.fails:
            self._fail(trade)
        elif self._settles(trade):
            self._mine(trade)
        elif trade.attempt < fate.retries + self._rules.unfunded_retries:
            self._retry(trade)
        else:
            self._fail(trade)

    def _settles(self, trade: SimTrade) -> bool:
        """Whether it goes onto the chain; if so it is there."""
        if self._on_chain(trade, sign=1):
            return True
        self._on_chain(trade, sign=-1)
        return False

    def _mine(self, trade: SimTrade) -> None:
        mined = self._advance(trade, TradeStatus.MINED, tx=self.tx_of(trade))
        self._publish(mined)
        now_ns = self._agenda.now_ns
        self._at(block_at(now_ns) + self._rules.finalized_blocks, self._confirm, mined)

    def _confirm(self, mined: SimTrade) -> None:
        if self._trades[mined.id] is mined:
            self._fates.pop(mined.id, None)
            self._advance(mined, TradeStatus.CONFIRMED, tx=mined.tx)

    def _retry(self, trade: SimTrade) -> None:
        tx = self.tx_of(trade)
        self._send(self._advance(replace(trade, attempt=trade.attempt + 1), TradeStatus.RETRYING, tx=tx))

    def _fail(self, trade: SimTrade) -> None:
        self._fates.pop(trade.id, None)
        self._undo(trade)
        self._advance(trade, TradeStatus.FAILED, tx=self.tx_of(trade))
        for wallet in dict.fromkeys(part.wallet for part, _ in _parts(trade)):
            if wallet not in SYSTEM:
                self.on_undone(self._account(wallet))

    def _undo(self, trade: SimTrade) -> None:
        """Cash, shares, fee and collateral are as if there had been no match; orders keep what they matched."""
        self._on_chain(trade, sign=1)
        listing = self._listings.by_condition[trade.condition]
        for part, fee in _parts(trade):
            self._account(part.wallet).fill(
                part.token,
                part.side.opposite,
                shares_micro=part.shares.micro,
                usdc_micro=part.usdc.micro,
                fee_micro=-fee.micro,
            )
        self._accounts.fees.cash_micro -= trade.fee.micro
        for leg in trade.legs:
            listing.pool_micro -= minted_micro(trade.side, leg)
        self._truth.fail(trade.id, since_ns=trade.matched_ns)

    def _on_chain(self, trade: SimTrade, *, sign: int) -> bool:
        """1: the chain knows of it, -1: it does not yet. Whether no wallet is left with less than nothing there."""
        covered = True
        for part, fee in _parts(trade):
            if part.wallet in SYSTEM:
                continue
            account, token = self._account(part.wallet), part.token
            bought = sign if part.side is Side.BUY else -sign
            account.unmined_micro[token] -= bought * part.shares.micro
            account.unmined_cash_micro += bought * part.usdc.micro + sign * fee.micro
            covered = covered and account.chain_cash_micro >= 0 and account.chain_held_micro(token) >= 0
        return covered

    def _account(self, wallet: Wallet) -> Account:
        return self._accounts.find(wallet) or self._accounts.house

    def _advance(self, trade: SimTrade, status: TradeStatus, *, tx: str) -> SimTrade:
        moved = replace(trade, status=status, tx=tx, updated_ns=self._agenda.now_ns)
        self._tell(moved)
        return moved

    def _tell(self, trade: SimTrade) -> None:
        self._trades[trade.id] = trade
        self._emit(TradeChanged(self._agenda.now_ns, trade))

    def _publish(self, trade: SimTrade) -> None:
        rows = tuple(self._row(trade, part, fee=fee) for part, fee in _parts(trade))
        self._emit(FillsPublished(self._agenda.now_ns, trade.tx, rows, trade.matched_ns))

    def _row(self, trade: SimTrade, part: Part, *, fee: Usdc) -> FillRow:
        return FillRow(
            sequence=self._numbers.next_sequence(),
            wallet=part.wallet,
            condition=trade.condition,
            token=part.token,
            side=part.side,
            shares=part.shares,
            usdc=part.usdc,
            fee=fee,
            tx=trade.tx,
            at_ns=self._agenda.now_ns,
            taker=part is trade,
        )


def _parts(trade: SimTrade) -> Iterator[tuple[Part, Usdc]]:
    """With the fee of each, the taker's first."""
    yield trade, trade.fee
    for leg in trade.legs:
        yield leg, ZERO_USDC


def minted_micro(taker: Side, leg: MakerLeg) -> int:
    """Pairs of shares that a leg makes of collateral: both buy. Negative: both sell, pairs are merged."""
    if leg.side is not taker:
        return 0
    return leg.shares.micro if taker is Side.BUY else -leg.shares.micro


def _nobody(account: Account) -> None:
    pass
