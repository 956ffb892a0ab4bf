"""Plays recorded tapes on an exchange: books become the house's, fills are printed, results come in."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import MICRO, Price, Shares
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Print
from polybot.simulator.engine.moves import NO_GROUP, GroupId
from polybot.simulator.worlds.houses import dice, quotes
from polybot.simulator.worlds.tape_model import BookBody, ChangesBody, TickBody
from polybot.simulator.worlds.tapes import (
    Tape,
    TapeBook,
    TapeEvent,
    TapeFills,
    TapeMarket,
    TapeResolution,
    level,
    levels,
)
from polybot.simulator.worlds.traders import open_traders

_MS = 1_000_000
_TAIL_MS = 20_000
"""How much longer than its tapes the world lasts, so that the last fills are settled."""
_TRADERS = 4
_REQUOTE_AFTER_S = (2, 4, 8)
"""A made book is renewed this long after a fill, as others quote again what was taken."""
_LEAST_TOUCH = Shares.parse("500")


class TapePlayer:
    """All tapes from one start: the recorded one of the first."""

    def __init__(self, tapes: Sequence[Tape], *, seed: int) -> None:
        if not tapes:
            raise ValueError("no tape to play: give at least one")
        self.exchange = Exchange(now_ns=tapes[0].from_ns, seed=seed)
        self.wallets = list(dict.fromkeys(wallet for tape in tapes for wallet in tape.wallets))
        self._seed = seed
        self._start_ns = tapes[0].from_ns
        self._events = sorted((event for tape in tapes for event in tape.events), key=lambda event: event[0])
        self._next = 0
        self._openings = _openings(self._events)
        self._makers = _book_makers(self.exchange, self._events, seed=seed)
        self.ends_at_ns = self._start_ns + (self._last_ms() + _TAIL_MS) * _MS

    def start(self) -> None:
        """What the tapes say of their first moment is true at once."""
        self._play()
        if not any(isinstance(event, TapeFills) for _, event in self._events):
            for trader in open_traders(self.exchange, count=_TRADERS, seed=self._seed, ends_at_ns=self.ends_at_ns):
                trader.start()

    def _last_ms(self) -> int:
        return self._events[-1][0] if self._events else 0

    def _play(self) -> None:
        """Everything due now, then puts itself down for what comes next."""
        while self._next < len(self._events):
            at_ms, event = self._events[self._next]
            due_ns = self._start_ns + at_ms * _MS
            if due_ns > self.exchange.now_ns:
                self.exchange.agenda.play_at(due_ns, self._play)
                return
            self._next += 1
            self._apply(event)

    def _apply(self, event: TapeEvent) -> None:
        match event:
            case TapeMarket(market, event_slug, recorded):
                group, index = _question(recorded)
                self.exchange.list_market(market, event_slug=event_slug, recorded=recorded, group=group, index=index)
                self._open(market)
            case TapeBook():
                self._apply_book(event)
            case TapeFills(tx, prints):
                self._print(tx, prints)
            case TapeResolution(condition, winner):
                self.exchange.resolve(condition, winner=winner)

    def _open(self, market: Market) -> None:
        """What wallets will sell without having bought it, they had before; and the first made book."""
        for outcome in market.outcomes:
            for wallet, shares in self._openings.get(outcome.token, {}).items():
                self.exchange.grant(self.exchange.accounts.adopt(wallet), outcome.token, Shares(shares))
        if maker := self._makers.get(market.condition):
            maker.quote()

    def _apply_book(self, event: TapeBook) -> None:
        match event.body():
            case BookBody(asset_id=token, bids=bids, asks=asks):
                self.exchange.set_house_book(TokenId(token), bids=levels(bids), asks=levels(asks))
            case ChangesBody(price_changes=changes):
                for change in changes:
                    new = level(change.price, change.size)
                    self.exchange.set_house_level(
                        TokenId(change.asset_id), side=change.side, price=new.price, size=new.size
                    )
            case TickBody(new_tick_size=tick):
                self.exchange.set_tick(event.condition, Price.parse(tick))
            case _:
                return

    def _print(self, tx: str, prints: Sequence[Print]) -> None:
        market = self.exchange.market_of(prints[0].token)
        maker = self._makers.get(market.condition) if market else None
        if maker:
            maker.follow(prints)
        self.exchange.print_fills(prints, tx=tx)


def _question(recorded: Mapping[str, Any]) -> tuple[GroupId, int]:
    """The neg-risk market it belongs to and the last byte of its question's id, which is the number there."""
    group, question = recorded.get("negRiskMarketID"), recorded.get("questionID")
    if not group or not question:
        return NO_GROUP, 0
    return GroupId(group), int(question[-2:], 16)


def _openings(events: Sequence[tuple[int, TapeEvent]]) -> dict[TokenId, dict[Wallet, int]]:
    """By token and wallet, the most that is ever sold beyond what was bought before."""
    balance: defaultdict[tuple[TokenId, Wallet], int] = defaultdict(int)
    lowest: defaultdict[TokenId, dict[Wallet, int]] = defaultdict(dict)
    for entry in (entry for _, event in events if isinstance(event, TapeFills) for entry in event.prints):
        key = entry.token, entry.wallet
        balance[key] += entry.shares.micro if entry.side is Side.BUY else -entry.shares.micro
        if balance[key] < 0:
            missing = lowest[entry.token]
            missing[entry.wallet] = max(missing.get(entry.wallet, 0), -balance[key])
    return lowest


class _BookMaker:
    """Quotes a market whose books nobody recorded, around the prices at which it traded."""

    def __init__(self, exchange: Exchange, market: Market, first: Sequence[Print], *, rng: random.Random) -> None:
        self._exchange = exchange
        self._market = market
        self._rng = rng
        self._anchored = 0
        self._prints = first

    def follow(self, prints: Sequence[Print]) -> None:
        """Quotes around these fills now, and again a little later unless others came since."""
        self._prints = prints
        self._anchored += 1
        self.quote()
        anchored = self._anchored
        for seconds in _REQUOTE_AFTER_S:
            self._exchange.agenda.play_after(seconds, lambda: self.quote() if anchored == self._anchored else None)

    def quote(self) -> None:
        """The cheaper outcome is offered where it traded, so that a buyer of either outcome meets the tape's price
        or, in ticks of the dearer one, nearly so."""
        tick = self._market.tick
        cheap, price = self._cheap()
        ask = max((2 * price + tick.micro) // (2 * tick.micro) * tick.micro, 2 * tick.micro)
        touch = Shares(max(_LEAST_TOUCH.micro, 3 * sum(entry.shares.micro for entry in self._prints)))
        made = quotes(bid_micro=ask - tick.micro, ask_micro=ask, tick=tick, touch=touch, rng=self._rng)
        self._exchange.set_house_book(cheap, bids=made.bids, asks=made.asks)

    def _cheap(self) -> tuple[TokenId, int]:
        """The outcome below a half and its price, from the last buyer's row."""
        entry = next((entry for entry in reversed(self._prints) if entry.side is Side.BUY), self._prints[-1])
        price = entry.usdc.micro * MICRO // entry.shares.micro
        if price * 2 <= MICRO:
            return entry.token, price
        return self._market.complement(entry.token), MICRO - price


def _book_makers(
    exchange: Exchange, events: Sequence[tuple[int, TapeEvent]], *, seed: int
) -> dict[ConditionId, _BookMaker]:
    """For every market that has fills but no book on any tape."""
    listed = [event.market for _, event in events if isinstance(event, TapeMarket)]
    markets = {outcome.token: market for market in listed for outcome in market.outcomes}
    recorded = {event.condition for _, event in events if isinstance(event, TapeBook)}
    makers: dict[ConditionId, _BookMaker] = {}
    for prints in (event.prints for _, event in events if isinstance(event, TapeFills)):
        market = markets[prints[0].token]
        if market.condition not in recorded and market.condition not in makers:
            rng = dice(seed, of=market.condition)
            makers[market.condition] = _BookMaker(exchange, market, prints, rng=rng)
    return makers
