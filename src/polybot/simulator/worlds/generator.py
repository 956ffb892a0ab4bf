"""A made-up hour on Polymarket: markets of every kind, books that move, traders who trade, results that come in."""

import hashlib
import random
from dataclasses import dataclass, field

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import MICRO, Price, Ratio, Shares
from polybot.polymarket.token_ids import ctf_token_id, decode_position, neg_risk_condition, v2_position_id
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.moves import NO_GROUP, GroupId
from polybot.simulator.worlds.houses import dice, quotes
from polybot.simulator.worlds.traders import Habits, open_traders

_NS = 1_000_000_000
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Scenario:
    """`markets` counts those of one neg-risk event as one. `churn` is the chance that a market's book moves in a
    second; `resolving` the share of markets that end before `duration_s` is over."""

    markets: int = 8
    traders: int = 5
    duration_s: int = _HOUR_S
    churn: float = 0.3
    resolving: float = 0.6
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True, slots=True)
class _Kind:
    """`others`: slug and question of the event's further markets, of which one at most comes true."""

    slug: str
    question: str
    event: str
    outcomes: tuple[str, str]
    version: MarketVersion
    neg_risk: bool
    tick: str
    rate: str
    others: tuple[tuple[str, str], ...] = ()


_V1, _V2 = MarketVersion.V1, MarketVersion.V2
_KINDS = (
    _Kind("btc-updown-1h", "Bitcoin Up or Down, this hour", "btc-updown", ("Up", "Down"), _V1, False, "0.01", "0.07"),
    _Kind(
        "fed-cut-25bps",
        "Fed cuts 25 bps?",
        "fed-decision",
        ("Yes", "No"),
        _V1,
        True,
        "0.01",
        "0.05",
        (("fed-no-change", "Fed changes nothing?"), ("fed-cut-50bps", "Fed cuts 50 bps or more?")),
    ),
    _Kind("highest-temperature-lisbon", "Lisbon above 24 C?", "temperature", ("Yes", "No"), _V2, False, "0.01", "0.05"),
    _Kind("lal-bar-rma", "Barcelona beat Real Madrid?", "lal-bar-rma", ("Yes", "No"), _V1, True, "0.001", "0.05"),
    _Kind("eth-updown-1h", "Ethereum Up or Down, this hour", "eth-updown", ("Up", "Down"), _V2, False, "0.005", "0.07"),
    _Kind("nba-lal-bos", "Lakers vs. Celtics", "nba-lal-bos", ("Lakers", "Celtics"), _V1, False, "0.01", "0.05"),
    _Kind("ceasefire-signed", "Ceasefire signed this week?", "ceasefire", ("Yes", "No"), _V1, False, "0.01", "0"),
    _Kind(
        "best-ai-model-ours",
        "Ours the best AI model at year end?",
        "best-ai-model",
        ("Yes", "No"),
        _V2,
        True,
        "0.01",
        "0.04",
        (("best-ai-model-theirs", "Theirs the best AI model at year end?"), ("best-ai-model-other", "Another one?")),
    ),
)


@dataclass(frozen=True, slots=True)
class _Prospect:
    """The first outcome's fair price at the start, in micro-units, and whether it comes true."""

    fair: int
    wins: bool


def populate(exchange: Exchange, scenario: Scenario, *, seed: int) -> None:
    """Lists markets, starts their books and traders; everything else follows as time passes."""
    ends_at_ns = exchange.now_ns + scenario.duration_s * _NS
    for number in range(scenario.markets):
        _populate_event(exchange, scenario, number, seed=seed)
    for trader in open_traders(
        exchange, count=scenario.traders, seed=seed, ends_at_ns=ends_at_ns, habits=scenario.habits
    ):
        trader.start()


def _populate_event(exchange: Exchange, scenario: Scenario, number: int, *, seed: int) -> None:
    kind, rng = _KINDS[number % len(_KINDS)], dice(seed, of=f"market:{number}")
    due = number < round(scenario.markets * scenario.resolving)
    life_s = round(scenario.duration_s * rng.uniform(0.45, 0.95)) if due else 30 * 24 * _HOUR_S
    fair = rng.randint(200_000, 800_000)
    prospect = _Prospect(fair, wins=rng.randint(0, MICRO) < fair)
    digest = hashlib.sha256(f"{seed}:{kind.slug}:{number}".encode()).digest()
    names = ((kind.slug, kind.question), *kind.others)
    prospects = (prospect, *_split_rest(prospect, len(kind.others), rng=dice(seed, of=f"event:{number}")))
    for index, ((slug, question), prospect) in enumerate(zip(names, prospects, strict=True)):
        condition, tokens, group = _ids(kind, digest, index=index)
        market = Market(
            condition=condition,
            slug=f"{slug}-{number + 1}",
            question=question,
            version=kind.version,
            neg_risk=kind.neg_risk,
            outcomes=(Outcome(tokens[0], kind.outcomes[0]), Outcome(tokens[1], kind.outcomes[1])),
            tick=Price.parse(kind.tick),
            min_order=Shares.parse("5"),
            fee=FeeSchedule(rate=Ratio.parse(kind.rate)),
            accepting_orders=True,
            closed=False,
            end_ns=exchange.now_ns + life_s * _NS,
        )
        exchange.list_market(market, event_slug=kind.event, group=group, index=index)
        own = dice(seed, of=f"market:{number}:{index}") if index else rng
        _MarketLife(exchange, market, prospect=prospect, rng=own, churn=scenario.churn).start()


def _split_rest(first: _Prospect, others: int, *, rng: random.Random) -> list[_Prospect]:
    """What the first market of an event leaves, in shares that differ; one of them comes true if it does not."""
    if not others:
        return []
    weights = [rng.randint(1, 9) for _ in range(others)]
    true = None if first.wins else rng.choices(range(others), weights)[0]
    rest = MICRO - first.fair
    return [_Prospect(rest * weight // sum(weights), wins=n == true) for n, weight in enumerate(weights)]


def _ids(kind: _Kind, digest: bytes, *, index: int) -> tuple[ConditionId, list[TokenId], GroupId]:
    if kind.version is MarketVersion.V2:
        return _v2_ids(kind, digest, index=index)
    if not kind.neg_risk:
        condition, group = ConditionId("0x" + digest.hex()), NO_GROUP
    else:
        group = GroupId(f"0x{digest[:31].hex()}00")
        condition = neg_risk_condition(group, index=index)
    return condition, [ctf_token_id(condition, outcome=i, neg_risk=kind.neg_risk) for i in (0, 1)], group


def _v2_ids(kind: _Kind, digest: bytes, *, index: int) -> tuple[ConditionId, list[TokenId], GroupId]:
    module, arity = (2, 1 + len(kind.others)) if kind.neg_risk else (1, 0)
    tokens = [v2_position_id(module=module, base_hash=digest[:16], outcome=i, arity=arity, index=index) for i in (0, 1)]
    position = decode_position(tokens[0])
    if position is None:
        raise ValueError(f"{tokens[0]} is not a position id")
    group = GroupId(f"{position.condition[:-4]}000000") if kind.neg_risk else NO_GROUP
    return ConditionId(position.condition + "00"), tokens, group  # the APIs pad the 31 bytes to 32


class _MarketLife:
    """A fair price that wanders, and drifts to its result in the last tenth of the market's life."""

    def __init__(
        self, exchange: Exchange, market: Market, *, prospect: _Prospect, rng: random.Random, churn: float
    ) -> None:
        self._exchange = exchange
        self._market = market
        self._rng = rng
        self._churn = churn
        self._fair = min(max(prospect.fair, 4 * market.tick.micro), MICRO - 4 * market.tick.micro)
        self._wins = prospect.wins
        self._touch = Shares(rng.randint(150, 900) * MICRO)
        self._end_ns = market.end_ns or 0
        self._ending_ns = (self._end_ns - exchange.now_ns) // 10

    def start(self) -> None:
        self._quote()
        self._exchange.agenda.play_at(self._end_ns, self._resolve)
        self._exchange.agenda.play_after(1, self._second)

    def _second(self) -> None:
        if self._exchange.now_ns >= self._end_ns:
            return
        if self._rng.random() < self._churn:
            self._wander()
            self._quote()
        self._exchange.agenda.play_after(1, self._second)

    def _wander(self) -> None:
        tick = self._market.tick.micro
        step = self._rng.choice((-1, -1, 0, 0, 0, 1, 1)) * max(tick, 2_500)
        if self._end_ns - self._exchange.now_ns < self._ending_ns:
            goal = 985_000 if self._wins else 15_000
            step += (goal - self._fair) // 40
        self._fair = min(max(self._fair + step, 4 * tick), MICRO - 4 * tick)

    def _quote(self) -> None:
        tick = self._market.tick
        bid = self._fair // tick.micro * tick.micro
        ask = bid + tick.micro * self._rng.choice((1, 1, 1, 2))
        token = self._market.outcomes[0].token
        made = quotes(bid_micro=bid, ask_micro=ask, tick=tick, touch=self._touch, rng=self._rng)
        self._exchange.set_house_book(token, bids=made.bids, asks=made.asks)

    def _resolve(self) -> None:
        winner = self._market.outcomes[0 if self._wins else 1].token
        self._exchange.resolve(self._market.condition, winner=winner)
