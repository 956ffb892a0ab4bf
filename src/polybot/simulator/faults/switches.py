"""States of the venue that the script turns on and off again."""

from collections.abc import Callable

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market
from polybot.core.money import Price
from polybot.simulator.chain.node import ChainNode
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Restriction
from polybot.simulator.faults.base import Scope
from polybot.simulator.faults.engine import Armed, Faults
from polybot.simulator.faults.node import spoil
from polybot.simulator.faults.skew import Skew
from polybot.simulator.faults.states import (
    ClockSkew,
    GeoblockSwitch,
    ModeSwitch,
    RestrictWallet,
    SwitchFault,
    TickChange,
)
from polybot.simulator.faults.subject import Subject
from polybot.simulator.rest.gamma import Geoblock
from polybot.simulator.rest.modes import Mode, Modes

_NS = 1_000_000_000
Undo = Callable[[], None]


class Switches:
    """Acts at the times of the script, on the exchange's agenda. What it cannot find then is left alone."""

    def __init__(
        self,
        faults: Faults,
        *,
        exchange: Exchange,
        modes: Modes,
        geoblock: Geoblock,
        skew: Skew,
        node: ChainNode,
    ) -> None:
        self._faults = faults
        self._exchange = exchange
        self._modes = modes
        self._geoblock = geoblock
        self._skew = skew
        self._node = node
        faults.on_arm = self._plan

    def _plan(self, armed: Armed) -> None:
        if isinstance(armed.spec, SwitchFault):
            self._faults.agenda.at(armed.starts_ns, lambda: self._due(armed))

    def _due(self, armed: Armed) -> None:
        spec, now_ns = armed.spec, self._faults.agenda.now_ns
        if not isinstance(spec, SwitchFault) or not armed.open_at(now_ns):
            return
        if self._faults.strike(armed, Subject(event=spec.fault)).ordinal:
            self._turn_on(armed, spec, now_ns)
        if spec.every_s is not None:
            self._faults.agenda.after(spec.every_s, lambda: self._due(armed))

    def _turn_on(self, armed: Armed, spec: SwitchFault, now_ns: int) -> None:
        if armed.undo:
            armed.undo()
        undo = self._effect(spec)
        armed.undo = undo

        def off() -> None:
            if armed.undo is undo:
                armed.undo = None
                undo()

        ends_ns = now_ns + round(spec.lasts_s * _NS) if spec.lasts_s is not None else armed.ends_ns
        if ends_ns is not None:
            self._faults.agenda.at(ends_ns, off)

    def _effect(self, spec: SwitchFault) -> Undo:
        match spec:
            case ModeSwitch(fault=mode):
                return self._enter(mode)
            case TickChange(tick=tick, scope=scope):
                return self._retick(scope, Price.parse(tick))
            case ClockSkew(seconds=seconds):
                return self._shift(seconds)
            case RestrictWallet(fault=restriction, scope=scope):
                return self._restrict(Wallet(scope.wallet.lower()), Restriction(restriction))
            case GeoblockSwitch():
                return self._block(spec)
            case _:
                return spoil(self._node, spec)

    def _enter(self, mode: str) -> Undo:
        if mode == "restart":
            self._modes.restart()
            return _nothing
        self._modes.set(Mode(mode))
        return lambda: self._modes.set(Mode.NORMAL)

    def _shift(self, seconds: float) -> Undo:
        self._skew.offset_s += seconds

        def back() -> None:
            self._skew.offset_s -= seconds

        return back

    def _retick(self, scope: Scope, tick: Price) -> Undo:
        market = self._market(scope)
        if market is None:
            return _nothing
        self._exchange.set_tick(market.condition, tick)
        return lambda: self._exchange.set_tick(market.condition, market.tick)

    def _market(self, scope: Scope) -> Market | None:
        if scope.condition:
            return self._exchange.market(ConditionId(scope.condition.lower()))
        return self._exchange.market_of(TokenId(scope.token))

    def _restrict(self, wallet: Wallet, restriction: Restriction) -> Undo:
        account = self._exchange.accounts.find(wallet)
        if account is None:
            return _nothing
        account.restriction = restriction

        def lift() -> None:
            account.restriction = Restriction.NONE

        return lift

    def _block(self, spec: GeoblockSwitch) -> Undo:
        before = (self._geoblock.blocked, self._geoblock.country, self._geoblock.region)
        self._geoblock.blocked, self._geoblock.country, self._geoblock.region = True, spec.country, spec.region

        def lift() -> None:
            self._geoblock.blocked, self._geoblock.country, self._geoblock.region = before

        return lift


def _nothing() -> None:
    pass
