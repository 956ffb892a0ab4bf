"""Markets as the public indexers know them: when they came and went, their events, prices and volume."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market
from polybot.core.money import MICRO, Price
from polybot.simulator.engine.accounts import SYSTEM, Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Event, FillRow, LastTrade, MarketListed, MarketResolved
from polybot.simulator.engine.moves import NO_GROUP
from polybot.simulator.indexing.prices import PriceHistory
from polybot.simulator.wire.books import Snapshot
from polybot.simulator.worlds.world import World

_HALF = Price(MICRO // 2)
_NS = 1_000_000_000


@dataclass(slots=True)
class Volume:
    """Micro-units, the takers' side."""

    shares: int = 0
    usdc: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A market's place in its neg-risk event; `group` and `request` "" outside of one."""

    id: str
    group: str = ""
    request: str = ""


class Catalogue:
    """`hear` must be told what happens on the exchange."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._listed_ns: dict[ConditionId, int] = {}
        self._closed_ns: dict[ConditionId, int] = {}
        self._questions: dict[ConditionId, Question] = {}
        self._volumes: defaultdict[ConditionId, Volume] = defaultdict(Volume)
        self.history = PriceHistory()

    @property
    def _exchange(self) -> Exchange:
        return self._world.exchange

    def hear(self, event: Event) -> None:
        match event:
            case MarketListed():
                self._listed_ns[event.condition] = event.at_ns
            case MarketResolved():
                self._closed_ns[event.condition] = event.at_ns
            case LastTrade():
                at_s = event.at_ns // _NS
                self.history.add(self.market(event.condition), event.token, event.price, at_s=at_s)
            case _:
                pass

    # markets

    def market(self, condition: ConditionId) -> Market:
        """LookupError if it is not listed."""
        market = self._exchange.market(condition)
        if market is None:
            raise LookupError(f"market {condition} is not listed")
        return market

    def find_market(self, condition: ConditionId) -> Market | None:
        return self._exchange.market(condition)

    def market_of(self, token: TokenId) -> Market | None:
        return self._exchange.market_of(token)

    def markets(self) -> Sequence[Market]:
        return self._exchange.markets()

    def recorded(self, market: Market) -> Mapping[str, Any]:
        """The Gamma object it was made from, empty if there was none."""
        return self._exchange.recorded(market.condition)

    def listed_ns(self, market: Market) -> int:
        return self._listed_ns.get(market.condition, self._world.starts_at_ns)

    def closed_ns(self, market: Market) -> int | None:
        """None while it is open."""
        if not market.closed:
            return None
        return self._closed_ns.get(market.condition, self._world.starts_at_ns)

    def question(self, market: Market) -> Question:
        """Recorded ids where there are any; else made up, the same in every run."""
        if market.condition not in self._questions:
            self._questions[market.condition] = self._new_question(market)
        return self._questions[market.condition]

    def _new_question(self, market: Market) -> Question:
        known = self.recorded(market)
        group, index = self._group(market)
        made = f"{group[:-2]}{index:02x}" if group else _hex32(f"question:{market.condition}")
        return Question(
            id=str(known.get("questionID") or made),
            group=str(known.get("negRiskMarketID") or group),
            request=str(known.get("negRiskRequestID") or (_hex32(f"request:{market.condition}") if group else "")),
        )

    def _group(self, market: Market) -> tuple[str, int]:
        if not market.neg_risk:
            return "", 0
        if (group := self._exchange.group(market.condition)) != NO_GROUP:
            siblings = [sibling.condition for sibling in self._exchange.markets_of(group)]
        else:
            slug = self.event_slug(market)
            siblings = [m.condition for m in self.event_markets(slug) if m.neg_risk]
        return group or _hex32(f"group:{self.event_slug(market)}")[:-2] + "00", siblings.index(market.condition)

    # events

    def event_slug(self, market: Market) -> str:
        return self._exchange.event_slug(market.condition) or market.slug

    def event_markets(self, slug: str) -> list[Market]:
        return [market for market in self.markets() if self.event_slug(market) == slug]

    def event_id(self, market: Market) -> int:
        """Recorded, or made from its slug; positive and below 2^31."""
        events = self.recorded(market).get("events") or [{}]
        return int(events[0].get("id") or event_number(self.event_slug(market)))

    def event_conditions(self, ids: frozenset[int]) -> frozenset[ConditionId]:
        return frozenset(market.condition for market in self.markets() if self.event_id(market) in ids)

    # prices

    def prices(self, market: Market) -> tuple[Price, Price]:
        """What each outcome is worth now."""
        first, second = market.outcomes
        return self.price(market, first.token), self.price(market, second.token)

    def price(self, market: Market, token: TokenId) -> Price:
        """The middle of the book, else the last trade, else a half; what a share pays once resolved."""
        if market.closed:
            return _HALF if market.winner is None else Price(MICRO if token == market.winner else 0)
        book = self._exchange.book(token)
        if book.bids and book.asks:
            return Price((book.bids[0].price.micro + book.asks[0].price.micro) // 2)
        return self._exchange.last_trade(token) or _HALF

    def last_trade(self, market: Market) -> Price | None:
        """Of the first outcome."""
        return self._exchange.last_trade(market.outcomes[0].token)

    def snapshot(self, token: TokenId) -> Snapshot | None:
        """None for an unknown token and a closed market."""
        market = self._exchange.market_of(token)
        if market is None or market.closed:
            return None
        last = self._exchange.last_trade(token)
        return Snapshot(
            market=market,
            view=self._exchange.book(token),
            changed_ms=self._exchange.book_changed_ns(token) // 1_000_000,
            last_trade="" if last is None else str(last),
        )

    def volume(self, market: Market) -> Volume:
        return self._volumes[market.condition]

    def count(self, fill: FillRow) -> None:
        if fill.taker:
            volume = self._volumes[fill.condition]
            volume.shares += fill.shares.micro
            volume.usdc += fill.usdc.micro

    def open_interest_micro(self, market: Market) -> int:
        """Pairs that somebody holds a half of; the house, which is everybody else, fills them up."""
        sums = dict.fromkeys((outcome.token for outcome in market.outcomes), 0)
        for account in self.accounts():
            for token in sums:
                sums[token] += account.held_micro.get(token, 0)
        return max(sums.values())

    # people

    def accounts(self) -> list[Account]:
        """All but the venue's own."""
        return [account for account in self._exchange.accounts if account.wallet not in SYSTEM]

    def account(self, address: str) -> Account | None:
        """By its wallet, or by the EOA that signs for it."""
        found = self._exchange.accounts.find(Wallet(address))
        if found is not None:
            return found
        return next((account for account in self.accounts() if account.owner == address), None)

    def names(self) -> Mapping[Wallet, str]:
        """Public profiles."""
        return self._world.names()

    def name_of(self, wallet: Wallet) -> str:
        account = self._exchange.accounts.find(wallet)
        return account.name if account else ""


def event_number(slug: str) -> int:
    digest = hashlib.blake2b(f"event:{slug}".encode(), digest_size=4).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1


def _hex32(text: str) -> str:
    return "0x" + hashlib.blake2b(text.encode(), digest_size=32).hexdigest()
