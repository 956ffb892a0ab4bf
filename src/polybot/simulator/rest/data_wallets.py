"""What the Data API says of wallets as a whole: statistics, results over time, ranking, approvals."""

from collections.abc import Sequence
from dataclasses import dataclass

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Market
from polybot.core.money import MICRO, Price, Usdc
from polybot.simulator.engine.blocks import block_at
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.indexing.folds import WalletBook
from polybot.simulator.records import Records
from polybot.simulator.rest.cursors import BoardCursor
from polybot.simulator.rest.data_page import Cursors, Page, Route
from polybot.simulator.rest.data_query import DAY_S, InvalidRequest, Params
from polybot.simulator.wire.approvals import approvals
from polybot.simulator.wire.markets import number
from polybot.simulator.wire.rows import Wire
from polybot.simulator.wire.wallets import pnl_point

_NS = 1_000_000_000
_INTERVALS_S = {
    "max": 0, "all": 0, "1m": 30 * DAY_S, "1w": 7 * DAY_S, "1d": DAY_S, "12h": 12 * 3600, "6h": 6 * 3600,
}  # fmt: skip
_STEPS_S = {"1d": DAY_S, "18h": 18 * 3600, "12h": 12 * 3600, "3h": 3 * 3600, "1h": 3600}
_PERIODS_S = {"day": DAY_S, "week": 7 * DAY_S, "month": 30 * DAY_S, "all": 0}
ZEROS = Wallet(f"0x{1:040x}")
"""A wallet that the venue knows and that never did anything (seen 2026-09-14)."""


@dataclass(frozen=True, slots=True)
class _Standing:
    wallet: Wallet
    pnl: int
    volume: int


class Wallets:
    def __init__(self, records: Records, dials: Dials, cursors: Cursors) -> None:
        self._records = records
        self._dials = dials
        self._cursors = cursors

    def routes(self) -> dict[str, Route]:
        return {
            "/v2/user-stats": self._stats,
            "/v2/user-volume": self._volume,
            "/v2/user-pnl": self._pnl,
            "/v2/leaderboard": self._leaderboard,
            "/v2/biggest-winners": self._winners,
            "/v2/approvals": self._approvals,
            "/v2/positions/combos": self._nothing_of_user,
            "/v2/activity/combos": self._nothing_of_user,
            "/v2/builders/leaderboard": self._nothing,
            "/v2/builders/volume": lambda _: Page([]),
        }

    def _nothing(self, params: Params) -> Page:
        """Combos are only seen in the feeds, and nobody builds."""
        return Page([], params.limit())

    def _nothing_of_user(self, params: Params) -> Page:
        params.required_user()
        return self._nothing(params)

    # one wallet

    def _stats(self, params: Params) -> Page:
        user = Wallet(params.required_user())
        rows = self._records.store.of(user)
        if not rows and self._records.account(user) is None and user != ZEROS:
            return Page(None)
        until_ns = self._dials.served_ns()
        book = self._records.book(user, until_ns=until_ns)
        markets = {market.condition for token in book.folds if (market := self._records.market_of(token))}
        wins = [fold.realized for fold in book.folds.values() if fold.realized > 0]
        return Page({
            "proxy_wallet": user,
            "trades": len(markets),
            "biggest_win": number(Usdc(max(wins, default=0))),
            "views": 0,
            "join_date": rows[0].at_s if rows else None,
            "all_time_pnl": self._point(book, at_ns=until_ns) if book.trades else None,
        })  # fmt: skip

    def _volume(self, params: Params) -> Page:
        user, now_s = Wallet(params.required_user()), self._dials.now_ns() // _NS
        start_s, end_s = params.integer("start", 0), params.integer("end", now_s + DAY_S)
        rows = [
            row
            for row in self._records.store.of(user)
            if row.kind == "TRADE" and start_s <= row.at_s <= end_s and row.at_ns <= self._dials.served_ns()
        ]
        return Page({
            "volume": number(Usdc(sum(row.shares.micro for row in rows))),
            "volume_usdc": number(Usdc(sum(row.usdc.micro for row in rows))),
            "trade_count": len(rows),
        })  # fmt: skip

    def _pnl(self, params: Params) -> Page:
        """A point at each full step; none for the present moment."""
        user = Wallet(params.required_user())
        interval = params.choice("interval", "1w", allowed=tuple(_INTERVALS_S))
        fidelity = params.choice("fidelity", "1d", allowed=tuple(_STEPS_S))
        rows, step_s = self._records.store.of(user), _STEPS_S[fidelity]
        until_s, length_s = self._dials.served_ns() // _NS, _INTERVALS_S[interval]
        start_s = max(rows[0].at_s if rows else until_s + 1, until_s - length_s if length_s else 0)
        book = WalletBook(fees_in_cost=self._dials.options.entry_fees_in_pnl)
        points = [
            self._point(book.read(rows, until_ns=at_s * _NS), at_ns=at_s * _NS)
            for at_s in range(-(-start_s // step_s) * step_s, until_s + 1, step_s)
        ]
        head = {"proxy_wallet": user, "interval": interval, "fidelity": fidelity, "source_fidelity": fidelity}
        return Page({**head, "points": points})

    def _point(self, book: WalletBook, *, at_ns: int) -> Wire:
        return pnl_point(book, unrealized=self._unrealized(book, at_ns=at_ns), at_ns=at_ns, block=block_at(at_ns))

    def _unrealized(self, book: WalletBook, *, at_ns: int) -> int:
        return sum(
            fold.shares * self._price_at(market, token, at_ns=at_ns).micro // MICRO - fold.cost
            for token, fold in book.folds.items()
            if fold.shares and (market := self._records.market_of(token))
        )

    def _price_at(self, market: Market, token: TokenId, *, at_ns: int) -> Price:
        """What it is worth once resolved, else the last trade before, else what it is worth now."""
        closed_ns = self._records.closed_ns(market)
        past = self._records.history.at(market, token, at_s=at_ns // _NS)
        if past is None or (closed_ns and closed_ns <= at_ns) or at_ns >= self._dials.served_ns():
            return self._records.price(market, token)
        return past

    def _approvals(self, params: Params) -> Page:
        user = params.required_user()
        account = self._records.account(user)
        return Page(approvals(user, account, at_ns=self._dials.now_ns()))

    # rankings

    def _leaderboard(self, params: Params) -> Page:
        period = params.choice("time_period", "day", allowed=tuple(_PERIODS_S))
        sort = params.choice("sort_by", "PNL", allowed=("PNL", "VOLUME"))
        standings = self._standings(_PERIODS_S[period])
        if user := params.user():
            return Page(self._standing(Wallet(user), standings))
        category, limit, start = params.text("category", "overall"), params.limit(), 0
        if cursor := params.text("cursor"):
            kept = self._cursors.unseal(cursor, BoardCursor, kind="leaderboard")
            if (kept.s, kept.t, kept.c) != (sort, period, category):
                raise InvalidRequest("cursor", "invalid cursor")
            limit, start = kept.l, kept.o
        ranked = _ranked(standings, sort)
        rows = [self._ranked_row(rank, ranked[rank - 1]) for rank in range(start + 1, len(ranked) + 1)][:limit]
        following = BoardCursor(limit, start + limit, sort, period, category)
        more = len(ranked) > start + limit
        return Page(rows, limit, self._cursors.seal("leaderboard", following) if more else None)

    def _standings(self, period_s: int) -> list[_Standing]:
        until_ns = self._dials.served_ns()
        from_ns = until_ns - period_s * _NS if period_s else 0
        found = [self._standing_of(wallet, from_ns=from_ns, until_ns=until_ns) for wallet in self._records.traders()]
        return [standing for standing in found if standing.volume]

    def _standing_of(self, wallet: Wallet, *, from_ns: int, until_ns: int) -> _Standing:
        now = self._records.book(wallet, until_ns=until_ns)
        pnl, volume, rows = (
            now.realized + self._unrealized(now, at_ns=until_ns),
            now.volume,
            self._records.store.of(wallet),
        )
        if rows and rows[0].at_ns < from_ns:
            past = WalletBook(fees_in_cost=now.fees_in_cost).read(rows, until_ns=from_ns)
            pnl, volume = pnl - past.realized - self._unrealized(past, at_ns=from_ns), volume - past.volume
        return _Standing(wallet, pnl, volume)

    def _standing(self, user: Wallet, standings: Sequence[_Standing]) -> Wire | None:
        """None for a wallet that is not ranked."""
        found = next((standing for standing in standings if standing.wallet == user), None)
        if found is None:
            return None
        ranks = {f"rank_{sort.lower()}": _ranked(standings, sort).index(found) + 1 for sort in ("PNL", "VOLUME")}
        return {**_result(found), **ranks, **self._face(user)}

    def _ranked_row(self, rank: int, standing: _Standing) -> Wire:
        return {"rank": rank, **_result(standing), **self._face(standing.wallet)}

    def _face(self, wallet: Wallet) -> Wire:
        return {"user_name": self._records.name_of(wallet), "profile_image": "", "x_username": "", "verified": False}

    def _winners(self, params: Params) -> Page:
        """Positions in resolved markets, the biggest win first; all fit one page."""
        period_s = _PERIODS_S[params.choice("time_period", "day", allowed=tuple(_PERIODS_S))]
        from_ns = self._dials.now_ns() - period_s * _NS if period_s else 0
        until_ns = self._dials.served_ns()
        held = [one for wallet in self._records.traders() for one in self._records.holdings(wallet, until_ns=until_ns)]
        wins = [one for one in held if one.realized.micro > 0 and (self._records.closed_ns(one.market) or 0) > from_ns]
        wins.sort(key=lambda one: (-one.realized.micro, one.token))
        limit = params.limit()
        return Page(
            [
                {
                    "win_rank": rank,
                    "kind": "market",
                    "user_id": one.wallet,
                    "pnl": number(one.realized),
                    "initial_value": number(one.bought_usdc),
                    "final_value": number(one.bought_usdc + one.realized),
                    "resolved_at": (self._records.closed_ns(one.market) or 0) // _NS,
                    "condition_id": one.market.condition,
                    "position_id": one.token,
                    "event_id": int(one.event_id),
                    "event_slug": one.event_slug,
                    "event_title": one.market.question,
                    "user_name": one.name,
                    "profile_image": "",
                }
                for rank, one in enumerate(wins[:limit], 1)
            ],
            limit,
        )


def _ranked(standings: Sequence[_Standing], sort: str) -> list[_Standing]:
    return sorted(standings, key=lambda one: (-(one.pnl if sort == "PNL" else one.volume), one.wallet))


def _result(standing: _Standing) -> Wire:
    """Volume is in shares."""
    return {"user_id": standing.wallet, "pnl": number(Usdc(standing.pnl)), "volume": number(Usdc(standing.volume))}
