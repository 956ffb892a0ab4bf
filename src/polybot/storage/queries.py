"""The Queries port: what people and programs may ask, each answered from one moment of the database."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from polybot.core.ids import Wallet
from polybot.core.matching import SHARE_GRAIN
from polybot.core.orders import TradeStatus
from polybot.ports.queries import DecisionRow, OrderRow, PnlRow, PositionRow, StatusView, TradeRow, WhyView
from polybot.ports.store import Event, TargetRow
from polybot.storage import views
from polybot.storage.database import Database
from polybot.storage.explanation import text_rows, texts, tree
from polybot.storage.ledger import read_cash
from polybot.storage.orders import WITH_FILLS, read_open_orders, read_reserved
from polybot.storage.rows import AnyRow
from polybot.storage.tables import (
    decisions,
    orders,
    positions,
    runs,
    system_events,
    target_fills,
    target_positions,
    tracked_accounts,
    trade_log,
)

SHORTEST_PREFIX = 6

_NAME = func.coalesce(tracked_accounts.c.name, "").label("target_name")
_SLUG = func.coalesce(target_fills.c.slug, "").label("slug")
_OUTCOME = func.coalesce(target_fills.c.outcome, "").label("outcome")
_FIRST_FILL = (target_fills.c.decision == decisions.c.id) & (target_fills.c.number == 0)

_DECISIONS = (
    select(decisions, _NAME, _SLUG, _OUTCOME)
    .outerjoin(target_fills, _FIRST_FILL)
    .outerjoin(tracked_accounts, tracked_accounts.c.wallet == decisions.c.target)
)
_TRADES = (
    select(
        trade_log,
        orders.c.decision,
        orders.c.target,
        decisions.c.price_micro.label("target_price_micro"),
        _NAME,
        _SLUG,
        _OUTCOME,
    )
    .join(orders, orders.c.id == trade_log.c.order_id)
    .join(decisions, decisions.c.id == orders.c.decision)
    .outerjoin(target_fills, _FIRST_FILL)
    .outerjoin(tracked_accounts, tracked_accounts.c.wallet == orders.c.target)
)
_NEWEST_ORDER_OF_POSITION = (
    select(orders.c.decision)
    .where(orders.c.target == positions.c.target, orders.c.token == positions.c.token)
    .order_by(orders.c.created_ns.desc())
    .limit(1)
    .scalar_subquery()
)
_POSITIONS = (
    select(
        positions,
        func.coalesce(target_positions.c.shares_micro, 0).label("target_shares_micro"),
        _NAME,
        _SLUG,
        _OUTCOME,
    )
    .outerjoin(
        target_positions,
        (target_positions.c.wallet == positions.c.target) & (target_positions.c.token == positions.c.token),
    )
    .outerjoin(target_fills, (target_fills.c.decision == _NEWEST_ORDER_OF_POSITION) & (target_fills.c.number == 0))
    .outerjoin(tracked_accounts, tracked_accounts.c.wallet == positions.c.target)
)


class QueryRows:
    """Implements `ports.queries.Queries`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def status(self) -> StatusView | None:
        """Decisions, copies and fills are counted since the run began."""
        return await self._db.read(_status)

    async def targets(self) -> Sequence[TargetRow]:
        found = await self._all(select(tracked_accounts).order_by(tracked_accounts.c.name, tracked_accounts.c.wallet))
        return [
            TargetRow(wallet=Wallet(row.wallet), name=row.name, enabled=row.enabled, settings=texts(row.settings))
            for row in found
        ]

    async def positions(self, *, target: Wallet | None = None, include_closed: bool = False) -> Sequence[PositionRow]:
        query = _POSITIONS.order_by(positions.c.updated_ns.desc(), positions.c.token)
        if target is not None:
            query = query.where(positions.c.target == target)
        if not include_closed:
            query = query.where(positions.c.shares_micro != 0)
        return [views.position_row(row) for row in await self._all(query)]

    async def trades(self, *, limit: int = 50, target: Wallet | None = None) -> Sequence[TradeRow]:
        query = _TRADES.order_by(trade_log.c.matched_ns.desc(), trade_log.c.recorded_ns.desc(), trade_log.c.trade)
        if target is not None:
            query = query.where(orders.c.target == target)
        return [views.trade_row(row) for row in await self._all(query.limit(limit))]

    async def orders(self, *, limit: int = 50) -> Sequence[OrderRow]:
        query = WITH_FILLS.order_by(orders.c.created_ns.desc(), orders.c.id)
        return [views.order_row(row) for row in await self._all(query.limit(limit))]

    async def pnl(self) -> Sequence[PnlRow]:
        """One row for every target that is configured or was ever copied, most profitable first."""
        return await self._db.read(_pnl)

    async def decisions(
        self, *, limit: int = 50, target: Wallet | None = None, rule: str | None = None
    ) -> Sequence[DecisionRow]:
        query = _DECISIONS.order_by(decisions.c.decided_ns.desc(), decisions.c.id)
        if target is not None:
            query = query.where(decisions.c.target == target)
        if rule is not None:
            query = query.where(decisions.c.rule == rule)
        return [views.decision_row(row) for row in await self._all(query.limit(limit))]

    async def why(self, id: str) -> WhyView | None:
        """None also for a prefix that fits several decisions, or is shorter than 6 characters."""
        return await self._db.read(lambda connection: _why(connection, id.strip().lower()))

    async def events(self, *, limit: int = 50) -> Sequence[tuple[int, Event]]:
        """Nanosecond and event, newest first."""
        found = await self._all(select(system_events).order_by(system_events.c.id.desc()).limit(limit))
        return [
            (row.happened_ns, Event(kind=row.kind, severity=row.severity, message=row.message, data=texts(row.data)))
            for row in found
        ]

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
        return await self._db.read(lambda connection: connection.execute(query).all())


def _status(connection: Connection) -> StatusView | None:
    newest = connection.execute(select(runs).order_by(runs.c.id.desc()).limit(1)).one_or_none()
    if newest is None:
        return None
    since = decisions.c.decided_ns >= newest.started_ns
    return StatusView(
        run=views.run(newest),
        ended_ns=newest.ended_ns,
        end_reason=newest.end_reason,
        heartbeat_ns=newest.heartbeat_ns,
        state=texts(newest.state),
        cash=read_cash(connection),
        reserved=read_reserved(connection),
        open_positions=_count(connection, positions.c.shares_micro >= SHARE_GRAIN),
        open_orders=read_open_orders(connection),
        decisions=_count(connection, since),
        copied=_count(connection, since & (decisions.c.rule == "copy")),
        fills=_count(connection, _counts() & (trade_log.c.recorded_ns >= newest.started_ns)),
    )


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).where(where)).scalar_one()


def _counts() -> ColumnElement[bool]:
    return trade_log.c.status != TradeStatus.FAILED.value


def _pnl(connection: Connection) -> Sequence[PnlRow]:
    totals = (
        select(
            positions.c.target,
            func.sum(positions.c.cost_micro).label("cost_micro"),
            func.sum(positions.c.realized_micro).label("realized_micro"),
            func.sum(positions.c.fees_micro).label("fees_micro"),
        )
        .group_by(positions.c.target)
        .subquery("totals")
    )
    counts = (
        select(orders.c.target, func.count().label("fills"))
        .join(trade_log, trade_log.c.order_id == orders.c.id)
        .where(_counts())
        .group_by(orders.c.target)
        .subquery("counts")
    )
    wallets = select(tracked_accounts.c.wallet).union(select(positions.c.target)).subquery("wallets")
    query = (
        select(wallets.c.wallet, _NAME, totals, counts.c.fills)
        .outerjoin(tracked_accounts, tracked_accounts.c.wallet == wallets.c.wallet)
        .outerjoin(totals, totals.c.target == wallets.c.wallet)
        .outerjoin(counts, counts.c.target == wallets.c.wallet)
    )
    found = [views.pnl_row(row) for row in connection.execute(query)]
    return sorted(found, key=lambda row: (-row.net.micro, row.target_name, row.target))


def _why(connection: Connection, id: str) -> WhyView | None:
    decision = _decision_named(connection, id)
    if decision is None:
        return None
    row = connection.execute(_DECISIONS.where(decisions.c.id == decision)).one()
    fills = select(target_fills).where(target_fills.c.decision == decision).order_by(target_fills.c.number)
    legs = WITH_FILLS.where(orders.c.decision == decision).order_by(orders.c.leg)
    return WhyView(
        decision=views.decision_row(row),
        fills=[views.fill_texts(fill) for fill in connection.execute(fills)],
        checks=text_rows(row.checks),
        snapshot=tree(row.snapshot),
        policy=texts(row.policy),
        orders=[views.order_row(leg) for leg in connection.execute(legs)],
    )


def _decision_named(connection: Connection, id: str) -> str | None:
    if len(id) < SHORTEST_PREFIX:
        return None
    of_order = or_(_starts(orders.c.id, id), _starts(orders.c.intent, id))
    named = select(decisions.c.id).where(_starts(decisions.c.id, id)).union(select(orders.c.decision).where(of_order))
    found = connection.execute(named.limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def _starts(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """As a range, so that it is looked up in the column's index. Ids are hexadecimal: all sort below "g"."""
    return (column >= prefix) & (column < prefix + "g")
