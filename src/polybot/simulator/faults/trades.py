"""Matches that the script spoils."""

from polybot.core.money import Ratio
from polybot.simulator.engine import meddler as engine
from polybot.simulator.engine.model import NewOrder, SimTrade
from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.states import Fate, Partial
from polybot.simulator.faults.subject import Subject


class ScriptedMeddler:
    """Where the script does nothing, `otherwise` decides."""

    def __init__(self, faults: Faults, otherwise: engine.Meddler) -> None:
        self._faults = faults
        self._otherwise = otherwise

    def fate(self, trade: SimTrade) -> engine.Fate:
        said = (
            trade.condition,
            trade.token,
            trade.order,
            trade.wallet,
            *(part for leg in trade.legs for part in (leg.token, leg.order, leg.wallet)),
        )
        for met in self._faults.struck(Fate, Subject(event="match", text=" ".join(said).lower())):
            if isinstance(met.spec, Fate):
                fails = met.spec.fault == "match_then_fail"
                tries = met.spec.retries
                return engine.Fate(retries=tries if tries is not None else int(not fails), fails=fails)
        return self._otherwise.fate(trade)

    def share(self, order: NewOrder) -> Ratio:
        said = (order.token, order.id, order.wallet)
        for met in self._faults.struck(Partial, Subject(event="match", text=" ".join(said).lower())):
            if isinstance(met.spec, Partial):
                return Ratio.parse(str(met.spec.share))
        return self._otherwise.share(order)
