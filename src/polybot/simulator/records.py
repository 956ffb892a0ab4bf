"""What the venue's public indexers know: rows by wallet, holdings folded from them, markets and their prices."""

import hashlib
from collections.abc import Iterable, Sequence

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc
from polybot.polymarket.token_ids import v2_position_id
from polybot.simulator.engine.accounts import SYSTEM
from polybot.simulator.engine.model import FillRow
from polybot.simulator.engine.moves import Move, MoveRow
from polybot.simulator.indexing.catalogue import Catalogue
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.indexing.folds import Fold, WalletBook
from polybot.simulator.indexing.rows import RowStore
from polybot.simulator.wire.positions import Holding
from polybot.simulator.wire.rows import COMBO_DIGITS, Row
from polybot.simulator.worlds.world import World

_UNSEEN = frozenset({Move.WRAP, Move.UNWRAP, Move.APPROVAL})
"""Moves that only the chain shows."""


class Records(Catalogue):
    """Kept from the events of one world. Holdings are as of a time that never runs backwards."""

    def __init__(self, world: World, dials: Dials) -> None:
        super().__init__(world)
        self.store = RowStore()
        self._dials = dials
        self._books: dict[Wallet, WalletBook] = {}
        self._granted: dict[tuple[Wallet, TokenId], int] = {}

    def add_fill(self, fill: FillRow) -> Row:
        market = self.market(fill.condition)
        self.count(fill)
        sequence = self.store.next_sequence(fill.at_ns)
        row = Row(
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
            sequence=sequence,
            taker=fill.taker,
            name=self.name_of(fill.wallet),
            late_ns=self._dials.late_ns(f"{fill.tx}:{sequence}"),
        )
        self.store.add(row)
        if fill.taker and self._dials.trades_combo(fill.tx):
            self._add_combo(fill)
        return row

    def add_move(self, move: MoveRow) -> None:
        if move.kind in _UNSEEN:
            return
        condition = move.condition or (move.legs[0].condition if move.legs else "")
        market = self.market(ConditionId(condition)) if condition else None
        self.store.add(
            Row(
                kind=move.kind.value,
                wallet=move.wallet,
                market=market,
                event_slug=self.event_slug(market) if market else "",
                token=TokenId(""),
                side=None,
                shares=_size(move),
                usdc=move.usdc,
                fee=Usdc(0),
                tx=move.tx,
                at_ns=move.at_ns,
                sequence=self.store.next_sequence(move.at_ns),
                taker=False,
                name=self.name_of(move.wallet),
                legs=move.legs,
            )
        )

    def _add_combo(self, fill: FillRow) -> None:
        """Somebody nobody knows, on two markets at once."""
        digest = hashlib.blake2b(f"combo:{fill.tx}".encode(), digest_size=36).digest()
        legs = [self.market(fill.condition), *self.markets()][:2]
        market = _combo(digest, " AND ".join(leg.question for leg in legs))
        self.store.add(
            Row(
                kind="TRADE",
                wallet=Wallet("0x" + digest[:20].hex()),
                market=market,
                event_slug="",
                token=market.outcomes[0].token,
                side=Side.BUY,
                shares=Shares(10 * MICRO),
                usdc=Usdc(2 * MICRO),
                fee=Usdc(0),
                tx="0x" + hashlib.blake2b(digest, digest_size=32).hexdigest(),
                at_ns=fill.at_ns,
                sequence=self.store.next_sequence(fill.at_ns),
                taker=True,
            )
        )

    def withdraw(self, tx: str) -> None:
        """What a reorg took out of the chain is forgotten, and what it was folded into is folded anew."""
        for wallet in self.store.withdraw(tx):
            self._books.pop(wallet, None)
            self._granted = {key: micro for key, micro in self._granted.items() if key[0] != wallet}

    # holdings

    def book(self, wallet: Wallet, *, until_ns: int) -> WalletBook:
        """What the rows up to then add up to, on top of what the wallet was granted."""
        book = self._books.get(wallet)
        if book is None:
            book = self._books[wallet] = WalletBook(fees_in_cost=self._dials.options.entry_fees_in_pnl)
        self._grant(wallet, book)
        return book.read(self.store.of(wallet), until_ns=until_ns)

    def _grant(self, wallet: Wallet, book: WalletBook) -> None:
        for position in self._exchange.positions_of(wallet):
            new = position.granted.micro - self._granted.get((wallet, position.token), 0)
            if new:
                book.folds.setdefault(position.token, Fold(first_ns=0)).shares += new
                self._granted[wallet, position.token] = position.granted.micro

    def holdings(self, wallet: Wallet, *, until_ns: int) -> list[Holding]:
        book = self.book(wallet, until_ns=until_ns)
        found = []
        for token, fold in book.folds.items():
            market = self.market_of(token)
            if market is not None:
                found.append(self._holding(wallet, market, token, fold, book))
        return found

    def market_holdings(self, market: Market, *, until_ns: int) -> list[Holding]:
        """Of everybody who ever held one of its tokens."""
        wallets = self.market_wallets(market)
        held = (holding for wallet in wallets for holding in self.holdings(wallet, until_ns=until_ns))
        return [holding for holding in held if holding.market.condition == market.condition]

    def market_wallets(self, market: Market) -> Iterable[Wallet]:
        """In a stable order."""
        traded = self.store.market_wallets(market.condition)
        holders = (
            account.wallet
            for account in self.accounts()
            if any(account.held_micro.get(outcome.token) for outcome in market.outcomes)
        )
        return [wallet for wallet in dict.fromkeys([*traded, *holders]) if wallet not in SYSTEM]

    def traders(self) -> Sequence[Wallet]:
        """Everybody who has a row, and everybody with a name."""
        known = dict.fromkeys([*self.store.wallets(), *(account.wallet for account in self.accounts())])
        return [wallet for wallet in known if wallet not in SYSTEM]

    def _holding(self, wallet: Wallet, market: Market, token: TokenId, fold: Fold, book: WalletBook) -> Holding:
        other = book.folds.get(market.complement(token))
        return Holding(
            wallet=wallet,
            market=market,
            event_slug=self.event_slug(market),
            event_id=str(self.event_id(market)),
            token=token,
            shares=Shares(fold.shares),
            cost=Usdc(fold.cost),
            entry_fees=Usdc(fold.entry_fees),
            bought=Shares(fold.bought),
            bought_usdc=Usdc(fold.bought_usdc),
            realized=Usdc(fold.realized),
            price=self.price(market, token),
            first_ns=fold.first_ns,
            last_ns=fold.last_ns,
            paired=bool(fold.shares and other and other.shares),
            name=self.name_of(wallet),
        )


def _size(move: MoveRow) -> Shares:
    """In shares; what was paid for a redemption and for cash."""
    if move.legs and move.kind is not Move.REDEEM:
        return Shares(abs(move.legs[0].micro))
    return Shares(abs(move.usdc.micro))


def _combo(digest: bytes, title: str) -> Market:
    tokens = [v2_position_id(module=3, base_hash=digest[20:36], outcome=i) for i in (0, 1)]
    return Market(
        condition=ConditionId(f"0x{int(tokens[0]) >> 8:0{COMBO_DIGITS}x}"),
        slug="",
        question=title,
        version=MarketVersion.V2,
        neg_risk=False,
        outcomes=(Outcome(tokens[0], ""), Outcome(tokens[1], "")),
        tick=Price(1000),
        min_order=Shares(MICRO),
        fee=FeeSchedule(rate=Ratio(0)),
        accepting_orders=True,
        closed=False,
    )
