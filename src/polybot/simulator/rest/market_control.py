"""Scripting markets and trades over `control`: ticks, delays, games, rules; trades that a reorganisation takes back."""

from dataclasses import replace
from decimal import Decimal

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from polybot.core.ids import ConditionId, TradeId
from polybot.core.money import Price
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.rules import TICKS
from polybot.simulator.rest.replies import Answer, body_as, explained, reply


class MarketChange(msgspec.Struct, forbid_unknown_fields=True):
    condition: str
    tick: Decimal | None = None
    seconds_delay: int | None = None
    taker_delay_ms: int | None = None
    game_starts_s: int | None = None


class RulesChange(msgspec.Struct, forbid_unknown_fields=True):
    """Of the rules those that are not established about the venue."""

    min_expiration_s: int | UnsetType = UNSET
    edge_tick: bool | UnsetType = UNSET
    max_fee_bps: int | UnsetType | None = UNSET
    takers_have_minimum: bool | UnsetType = UNSET
    market_buy_decimals: int | UnsetType | None = UNSET
    retired_adapter: bool | UnsetType = UNSET


class Revert(msgspec.Struct, forbid_unknown_fields=True):
    trade: str
    again: bool = True


class MarketControl:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/markets", explained(self._change)),
            web.post("/rules", explained(self._rule)),
            web.post("/reverts", explained(self._revert)),
        ]

    async def _change(self, request: web.Request) -> Answer:
        """What is left out stays."""
        wanted = await body_as(request, MarketChange)
        condition = ConditionId(wanted.condition.lower())
        before = self._exchange.market(condition)
        if before is None:
            raise LookupError(f"condition {condition!r} is no market: GET gamma /markets lists them")
        tick = before.tick if wanted.tick is None else _tick(wanted.tick)
        self._exchange.set_delays(
            condition,
            seconds_delay=before.seconds_delay if wanted.seconds_delay is None else wanted.seconds_delay,
            taker_delay_ms=before.taker_delay_ms if wanted.taker_delay_ms is None else wanted.taker_delay_ms,
        )
        if wanted.game_starts_s is not None:
            self._exchange.set_game_start(condition, wanted.game_starts_s * 1_000_000_000)
        self._exchange.set_tick(condition, tick)
        return reply({"condition": condition, "tick": str(tick)})

    async def _rule(self, request: web.Request) -> Answer:
        """What is left out stays."""
        wanted = msgspec.structs.asdict(await body_as(request, RulesChange))
        changes = {name: value for name, value in wanted.items() if value is not UNSET}
        if negative := [name for name, value in changes.items() if value is not None and value < 0]:
            raise ValueError(f"{negative[0]} cannot be negative")
        self._exchange.rules = replace(self._exchange.rules, **changes)
        return reply({name: getattr(self._exchange.rules, name) for name in wanted})

    async def _revert(self, request: web.Request) -> Answer:
        wanted = await body_as(request, Revert)
        trade = self._exchange.trade(TradeId(wanted.trade))
        if trade is None:
            raise LookupError(f"trade {wanted.trade!r} is unknown: take one of an order's tradeIDs")
        self._exchange.revert_trade(trade.id, again=wanted.again)
        return reply({"trade": trade.id, "status": "RETRYING"})


def _tick(wanted: Decimal) -> Price:
    tick = Price.parse(str(wanted))
    if tick.micro not in TICKS:
        known = ", ".join(str(Price(micro)) for micro in sorted(TICKS))
        raise ValueError(f"tick {tick} is none of the venue's: {known}")
    return tick
