"""What the Data API says of markets: tokens, open interest, live volume, price history, resolutions."""

from collections.abc import Sequence
from itertools import islice

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, MarketVersion
from polybot.core.money import MICRO, Price, Usdc
from polybot.simulator.engine.blocks import block_at
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.records import Records
from polybot.simulator.rest.cursors import FeedCursor
from polybot.simulator.rest.data_page import Cursors, Page, Route
from polybot.simulator.rest.data_query import DAY_S, InvalidRequest, Params
from polybot.simulator.wire.markets import iso, number
from polybot.simulator.wire.rows import Wire, unquoted

_NS = 1_000_000_000
_INTERVALS_S = {
    "max": 0, "all": 0, "1m": 30 * DAY_S, "1w": 7 * DAY_S, "1d": DAY_S, "6h": 6 * 3600, "1h": 3600,
}  # fmt: skip
_LONGEST_WINDOW_S = 15 * DAY_S
_SETTLES_AFTER_S = 2 * 3600
"""How long after a proposal it settles at the earliest (seen 2026-09-29)."""
_WEI = 10**12
NO_PRICE = "69"


class Markets:
    def __init__(self, records: Records, dials: Dials, cursors: Cursors) -> None:
        self._records = records
        self._dials = dials
        self._cursors = cursors

    def routes(self) -> dict[str, Route]:
        return {
            "/v2/tokens": self._tokens,
            "/v2/oi": self._open_interest,
            "/v2/live-volume": self._live_volume,
            "/v2/prices-history": self._prices,
            "/v2/resolutions": self._resolutions,
        }

    def _known(self, conditions: frozenset[ConditionId]) -> list[Market]:
        return [market for condition in sorted(conditions) if (market := self._records.find_market(condition))]

    def _of_events(self, events: frozenset[int]) -> list[Market]:
        return self._known(self._records.event_conditions(events))

    # tokens

    def _tokens(self, params: Params) -> Page:
        """Of unknown tokens there is no row."""
        tokens = [TokenId(token.lstrip("0") or "0") for token in params.many("token_id")]
        conditions = params.market_conditions(most=10)
        if bool(tokens) is bool(conditions):
            raise InvalidRequest("", "provide exactly one of 'token_id' or 'condition'")
        if len(set(tokens)) > 50 or not all(token.isdecimal() for token in tokens):
            raise InvalidRequest("token_id", "token_id takes at most 50 decimal ids")
        if conditions:
            tokens = [outcome.token for market in self._known(conditions) for outcome in market.outcomes]
        found = [(market, token) for token in dict.fromkeys(tokens) if (market := self._records.market_of(token))]
        return Page([self._token(market, token) for market, token in found])

    def _token(self, market: Market, token: TokenId) -> Wire:
        index = [outcome.token for outcome in market.outcomes].index(token)
        v2, question = market.version is MarketVersion.V2, self._records.question(market)
        return {
            "token_id": token,
            "condition_id": market.condition,
            "structural_condition_id": market.condition if v2 else None,
            "module": ("neg_risk" if market.neg_risk else "binary") if v2 else "v1_ctf",
            "outcome_index": index,
            "clob_index": index,
            "outcome": unquoted(market.outcome(token).name),
            "opposite_token_id": market.complement(token),
            "resolved": market.closed,
            "final_price": number(self._records.price(market, token)) if market.closed else None,
            "title": market.question,
            "market_slug": market.slug,
            "closed": market.closed,
            "neg_risk": market.neg_risk,
            "neg_risk_market_id": question.group or None,
            "question_index": int(question.id[-2:], 16) if question.group else None,
            "event_id": self._records.event_id(market),
            "event_slug": self._records.event_slug(market),
        }

    # sums

    def _open_interest(self, params: Params) -> Page:
        if conditions := params.market_conditions():
            return Page([
                {"condition_id": market.condition, "value": self._interest([market])}
                for market in self._known(conditions)
            ])  # fmt: skip
        return Page([{"condition_id": "GLOBAL", "value": self._interest(self._records.markets())}])

    def _interest(self, markets: Sequence[Market]) -> object:
        return number(Usdc(sum(self._records.open_interest_micro(market) for market in markets)))

    def _live_volume(self, params: Params) -> Page:
        if not (events := params.events()):
            raise InvalidRequest("event_id", "required query param 'event_id' not provided")
        volumes = [(market, self._records.volume(market).shares) for market in self._of_events(events)]
        volumes.sort(key=lambda entry: (-entry[1], entry[0].condition))
        rows = [{"condition_id": market.condition, "taker_volume": number(Usdc(shares))} for market, shares in volumes]
        total = number(Usdc(sum(shares for _, shares in volumes)))
        return Page({"taker_volume_total": total, "conditions": rows})

    # prices

    def _prices(self, params: Params) -> Page:
        token, interval = TokenId(params.text("token_id")), params.text("interval")
        if not token:
            raise InvalidRequest("token_id", "required query param 'token_id' not provided")
        if sum(name in params for name in ("interval", "start", "as_of")) != 1:
            raise InvalidRequest("", "provide exactly one of 'interval', 'start' or 'as_of'")
        if interval and interval not in _INTERVALS_S:
            raise InvalidRequest("interval", f"interval must be one of {', '.join(_INTERVALS_S)}")
        limit, market = params.limit(most=10_000, default=1000), self._records.market_of(token)
        if market is None:
            return Page([], limit)
        if "as_of" in params:
            return Page(self._tick(market, token, at_s=params.integer("as_of", 0)), limit)
        return self._buckets(params, market, token, limit=limit)

    def _tick(self, market: Market, token: TokenId, *, at_s: int) -> list[Wire]:
        history = self._records.history
        price, since_s = history.at(market, token, at_s=at_s), history.since(market, at_s=at_s)
        return [{"timestamp": since_s, "price": number(price), "resolution_seconds": 0}] if price else []

    def _buckets(self, params: Params, market: Market, token: TokenId, *, limit: int) -> Page:
        width_s = self._width_s(params)
        start_s, end_s = self._window(params, market)
        if cursor := params.text("cursor"):
            kept = self._cursors.unseal(cursor, FeedCursor, kind="prices_history")
            limit, start_s, width_s = kept.l, kept.ts + int(kept.sq), int(kept.sq)
        starts = range(-(-start_s // width_s) * width_s, end_s + 1, width_s)
        priced = ((at_s, self._records.history.at(market, token, at_s=at_s + width_s - 1)) for at_s in starts)
        found = list(islice(((at_s, price) for at_s, price in priced if price), limit + 1))
        rows = [_point(at_s, price, width_s) for at_s, price in found[:limit]]
        if len(found) <= limit:
            return Page(rows, limit)
        last = FeedCursor(limit, found[limit - 1][0], str(width_s), 2)
        return Page(rows, limit, self._cursors.seal("prices_history", last))

    def _width_s(self, params: Params) -> int:
        least = {"max": 600, "all": 600, "1m": 600, "1w": 300}.get(params.text("interval"), 60)
        width_s = params.integer("bucket_seconds", least)
        if not least <= width_s <= DAY_S:
            raise InvalidRequest("bucket_seconds", f"bucket_seconds must be between {least} and {DAY_S}")
        return width_s

    def _window(self, params: Params, market: Market) -> tuple[int, int]:
        """From the market's first trade at the earliest."""
        now_s, begins_s = self._dials.ingested_ns() // _NS, self._records.history.begins_s(market)
        if begins_s is None:
            return 1, 0
        if "start" in params:
            start_s, end_s = params.integer("start", 0), params.integer("end", now_s)
            if not 0 <= end_s - start_s <= _LONGEST_WINDOW_S:
                raise InvalidRequest("start", "the window must not end before it starts nor exceed 15 days")
            return max(start_s, begins_s), min(end_s, now_s)
        length_s = _INTERVALS_S[params.text("interval")]
        return max(now_s - length_s if length_s else 0, begins_s), now_s

    # resolutions

    def _resolutions(self, params: Params) -> Page:
        conditions, events, question = params.market_conditions(), params.events(), params.text("question_id")
        if sum(map(bool, (conditions, events, question))) != 1:
            raise InvalidRequest("", "provide exactly one of 'question_id', 'condition', or 'event_id'")
        if question:
            wanted = question.lower()
            markets = [market for market in self._records.markets() if self._records.question(market).id == wanted]
        else:
            markets = self._known(conditions) or self._of_events(events)
        return Page([self._resolution(market) for market in markets])

    def _resolution(self, market: Market) -> Wire:
        closed_ns = self._records.closed_ns(market)
        ended_ns = market.end_ns if market.end_ns and market.end_ns <= self._dials.now_ns() else None
        at_ns = closed_ns or ended_ns or self._records.listed_ns(market)
        wire: Wire = {
            "question_id": self._records.question(market).id,
            "condition_id": market.condition,
            "status": "resolved" if closed_ns else "proposed" if ended_ns else "posed",
            "extended_review": False,
            "was_disputed": False,
            "new_version_q": False,
            "proposed_price": NO_PRICE,
            "reproposed_price": NO_PRICE,
            "price": NO_PRICE,
            "transaction_hash": "",
            "log_index": "",
            "last_update_timestamp": str(at_ns // _NS),
        }
        first, second = self._records.prices(market)
        if closed_ns:
            wire.update(price=str(first.micro * _WEI), payouts=[first.micro, second.micro])
            wire.update(resolution_source="reported", was_arbitrated=False)
            wire.update(resolved_block=block_at(closed_ns), resolved_at=iso(closed_ns))
        elif ended_ns:
            wire["proposed_price"] = str((MICRO if 2 * first.micro >= MICRO else 0) * _WEI)
            wire["expected_settlement_time"] = iso(ended_ns + _SETTLES_AFTER_S * _NS)
            wire["settlement_time_basis"] = "managed_proposal_expiration"
        return wire


def _point(at_s: int, price: Price, width_s: int) -> Wire:
    return {"timestamp": at_s, "price": number(price), "resolution_seconds": width_s}
