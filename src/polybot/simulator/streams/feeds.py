"""From the exchange's events to what each feed tells of them."""

from collections.abc import Iterable
from typing import assert_never

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import Price
from polybot.simulator.engine import model
from polybot.simulator.engine.moves import PositionsMoved
from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.rows import befallen
from polybot.simulator.options import Options
from polybot.simulator.records import Records
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.streams.activity import ActivityFeed
from polybot.simulator.streams.announcements import market_resolved_event, new_market_event
from polybot.simulator.streams.market import MarketFeed
from polybot.simulator.streams.outbox import Sockets
from polybot.simulator.streams.user import UserFeed
from polybot.simulator.wire.books import (
    Snapshot,
    best_bid_ask_event,
    book_event,
    price_change_event,
    tick_size_event,
)
from polybot.simulator.wire.orders import last_trade_event, millis, order_event, trade_event
from polybot.simulator.wire.rows import Row, activity_payload


class Feeds:
    """Listens to the exchange. Every feed has its own delay, counted from the event's own time."""

    def __init__(
        self,
        *,
        records: Records,
        keys: ApiKeys,
        sockets: Sockets,
        options: Options,
        faults: Faults,
    ) -> None:
        self.market = MarketFeed(sockets=sockets, options=options, faults=faults, snapshot=records.snapshot)
        self.user = UserFeed(sockets=sockets, options=options, faults=faults, keys=keys)
        self.activity = ActivityFeed(sockets=sockets, options=options, faults=faults)
        self._records = records
        self._keys = keys
        self._agenda = faults.agenda
        self._faults = faults
        self._activity_ns = round(options.delays.activity_s * 1e9)
        self._takers_hear = options.streams.takers_hear_fills
        self._tops: dict[TokenId, tuple[Price | None, Price | None]] = {}

    def hear(self, event: model.Event) -> None:
        match event:
            case model.MarketListed() | PositionsMoved() | model.FillsPublished() | model.FillsWithdrawn():
                self._index(event)
            case model.BookReplaced():
                self._books(event.condition, event.at_ns)
            case model.LevelsChanged():
                self._levels(event)
            case model.LastTrade():
                self._last_trade(event)
            case model.TickChanged():
                self._tick(event)
            case model.OrderChanged():
                self._order(event)
            case model.TradeChanged():
                self._trade(event)
            case model.MarketResolved():
                self._resolved(event)
            case _:
                assert_never(event)

    def _index(self, event: model.MarketListed | PositionsMoved | model.FillsPublished | model.FillsWithdrawn) -> None:
        match event:
            case model.FillsPublished():
                rows = [self._records.add_fill(row) for row in event.rows]
                self._agenda.at(event.matched_ns + self._activity_ns, lambda: self._publish_activity(rows))
            case model.FillsWithdrawn():
                self._records.withdraw(event.tx)
            case model.MarketListed():
                self._listed(event)
            case PositionsMoved():
                self._records.add_move(event.row)

    def _listed(self, event: model.MarketListed) -> None:
        market = self._records.market(event.condition)
        frame = new_market_event(market, event_slug=self._records.event_slug(market), at_ms=millis(event.at_ns))
        self.market.announce(frame, at_ns=event.at_ns)

    def _books(self, condition: ConditionId, at_ns: int) -> None:
        market = self._records.market(condition)
        for outcome in market.outcomes:
            if self.market.asked_for([outcome.token]) and (snapshot := self._records.snapshot(outcome.token)):
                self.market.publish([outcome.token], book_event(snapshot), at_ns=at_ns)
                self._top(snapshot, at_ns)

    def _levels(self, event: model.LevelsChanged) -> None:
        market = self._records.market(event.condition)
        tokens = [outcome.token for outcome in market.outcomes]
        if not self.market.asked_for(tokens):
            return
        after = {token: snapshot for token in tokens if (snapshot := self._records.snapshot(token))}
        if after:
            frame = price_change_event(market, millis(event.at_ns), event.changes, after)
            self.market.publish(tokens, frame, at_ns=event.at_ns)
        for snapshot in after.values():
            self._top(snapshot, event.at_ns)

    def _top(self, snapshot: Snapshot, at_ns: int) -> None:
        token, top = snapshot.view.token, (snapshot.best_bid, snapshot.best_ask)
        if self._tops.get(token) != top:
            self._tops[token] = top
            self.market.publish([token], best_bid_ask_event(snapshot), at_ns=at_ns, custom=True)

    def _last_trade(self, event: model.LastTrade) -> None:
        market = self._records.market(event.condition)
        frame = last_trade_event(
            market=market,
            token=event.token,
            side=event.side.value,
            price=event.price,
            shares=event.shares,
            tx=event.tx,
            at_ns=event.at_ns,
        )
        self.market.publish([event.token], frame, at_ns=event.at_ns)
        self._books(event.condition, event.at_ns)

    def _tick(self, event: model.TickChanged) -> None:
        market = self._records.market(event.condition)
        for outcome in market.outcomes:
            frame = tick_size_event(market, token=outcome.token, old=event.old, at_ms=millis(event.at_ns))
            self.market.publish([outcome.token], frame, at_ns=event.at_ns)

    def _order(self, event: model.OrderChanged) -> None:
        order = event.order
        if not self.user.listens(order.owner):
            return
        frame = order_event(
            order,
            market=self._records.market(order.condition),
            key_of=self._keys.label,
            change=event.change,
            at_ns=event.at_ns,
        )
        self.user.publish(order.owner, order.condition, frame, at_ns=event.at_ns)

    def _trade(self, event: model.TradeChanged) -> None:
        trade = event.trade
        market = self._records.market(trade.condition)
        for viewer in _parties(trade, taker=self._takers_hear):
            if self.user.listens(viewer):
                frame = trade_event(trade, market=market, key_of=self._keys.label, viewer=viewer)
                self.user.publish(viewer, trade.condition, frame, at_ns=event.at_ns)

    def _resolved(self, event: model.MarketResolved) -> None:
        market = self._records.market(event.condition)
        frame = market_resolved_event(market, winner=event.winner, at_ms=millis(event.at_ns))
        self.market.publish(frame["assets_ids"], frame, at_ns=event.at_ns, custom=True)

    def _publish_activity(self, rows: list[Row]) -> None:
        """One `trades` message per filled order, one `orders_matched` for the taker's."""
        at_ms = millis(self._agenda.now_ns)
        for row in rows:
            for payload in befallen(self._faults, activity_payload(row)):
                self.activity.publish(type_="trades", payload=payload, at_ms=at_ms)
                if row.taker:
                    self.activity.publish(type_="orders_matched", payload=payload, at_ms=at_ms)


def _parties(trade: model.SimTrade, *, taker: bool) -> Iterable[Wallet]:
    """Everyone who hears of a trade, once."""
    takers = [trade.owner] if taker else []
    return dict.fromkeys([*takers, *(leg.owner for leg in trade.legs)])
