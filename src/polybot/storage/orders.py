"""Our orders: the commit before the wire, and the states after it."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Label, bindparam, func, insert, select, update

from polybot.core.fills import TargetOrder
from polybot.core.ids import OrderId
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.core.orders import RESERVING, Intent, OrderState, TradeStatus, advance
from polybot.decision.model import Decision
from polybot.ports.store import OpenOrder
from polybot.ports.venue import PreparedOrder
from polybot.storage import rows
from polybot.storage.database import Database
from polybot.storage.detection import add_decision, is_decided
from polybot.storage.statements import Prepared
from polybot.storage.tables import decisions, orders, trade_log

_ANSWERED = frozenset({OrderState.OPEN, OrderState.REFUSED, OrderState.DONE})
"""States that the venue's answer leads to, not its silence."""

_ADD_ORDER = Prepared(insert(orders), columns=orders.c.keys())
_STATE = select(orders.c.state, orders.c.answered_ns).where(orders.c.id == bindparam("the_id"))
_MOVE = update(orders).where(orders.c.id == bindparam("the_id"))


def _filled(column: Column[int], name: str) -> Label[int]:
    """Sum over an order's fills, FAILED ones left out; by index, so that it costs nothing for the others."""
    its = (trade_log.c.order_id == orders.c.id) & (trade_log.c.status != TradeStatus.FAILED.value)
    return select(func.coalesce(func.sum(column), 0)).where(its).scalar_subquery().label(name)


WITH_FILLS = select(
    orders,
    _filled(trade_log.c.shares_micro, "filled_shares_micro"),
    _filled(trade_log.c.usdc_micro, "filled_usdc_micro"),
    _filled(trade_log.c.fee_micro, "filled_fee_micro"),
)

_IS_OPEN = orders.c.state.in_(sorted(RESERVING))
_HAS_FILLS = orders.c.id.in_(select(trade_log.c.order_id))
_OLDEST_FIRST = WITH_FILLS.order_by(orders.c.created_ns, orders.c.id)
_OPEN = _OLDEST_FIRST.where(_IS_OPEN)
_SELLS = orders.c.side == Side.SELL.value
_STILL_MATTERS = _OLDEST_FIRST.where(_IS_OPEN | _HAS_FILLS | _SELLS)


class OrderRows:
    """The order part of the Store port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def commit_copy(
        self, order: TargetOrder, decision: Decision, intent: Intent, prepared: PreparedOrder, *, now_ns: int
    ) -> bool:
        """Also False, and nothing stored, if one of the fills belongs to another decision."""

        def work(connection: Connection) -> None:
            add_decision(connection, order, decision, now_ns)
            _add_order(connection, intent, prepared, now_ns)

        return await self._db.write_once(work, lambda connection: is_decided(connection, order))

    async def commit_leg(self, intent: Intent, prepared: PreparedOrder, *, now_ns: int) -> bool:
        """KeyError if the decision is not stored."""
        return await self._db.write_once(
            lambda connection: _add_order(connection, intent, prepared, now_ns),
            lambda connection: _has_leg(connection, intent),
        )

    async def set_order_state(self, order: OrderId, to: OrderState, *, reason: str, now_ns: int) -> OrderState:
        """KeyError for an order that is not ours."""

        def work(connection: Connection) -> OrderState:
            found = connection.execute(_STATE, {"the_id": order}).one_or_none()
            if found is None:
                raise KeyError(order)
            now = OrderState(found.state)
            if advance(now, to) is not now:
                answered_ns = now_ns if found.answered_ns is None and to in _ANSWERED else found.answered_ns
                moved = {"the_id": order, "state": to.value, "reason": reason, "answered_ns": answered_ns}
                connection.execute(_MOVE, moved)
            return to

        return await self._db.write(work)

    async def open_orders(self) -> Sequence[OpenOrder]:
        return await self._db.read(read_open_orders)

    async def reserved(self) -> Usdc:
        return await self._db.read(read_reserved)


def read_open_orders(connection: Connection) -> Sequence[OpenOrder]:
    return [_open_order(row) for row in connection.execute(_OPEN)]


def read_orders_that_matter(connection: Connection) -> Sequence[OpenOrder]:
    return [_open_order(row) for row in connection.execute(_STILL_MATTERS)]


def read_reserved(connection: Connection) -> Usdc:
    return Usdc(sum(_left_micro(row) for row in connection.execute(_OPEN)))


def _left_micro(row: rows.AnyRow) -> int:
    return max(0, int(row.reserve_micro - row.filled_usdc_micro - row.filled_fee_micro))


def _add_order(connection: Connection, intent: Intent, prepared: PreparedOrder, now_ns: int) -> None:
    state = {"state": OrderState.SUBMITTING.value, "reason": "", "created_ns": now_ns, "answered_ns": None}
    _ADD_ORDER.execute(connection, {**rows.intent_values(intent), **state, "id": prepared.id, "wire": prepared.wire})


def _has_leg(connection: Connection, intent: Intent) -> bool:
    if connection.execute(select(decisions.c.id).where(decisions.c.id == intent.decision)).first() is None:
        raise KeyError(intent.decision)
    same_leg = select(orders.c.id).where(orders.c.decision == intent.decision, orders.c.leg == intent.leg)
    return connection.execute(same_leg).first() is not None


def _open_order(row: rows.AnyRow) -> OpenOrder:
    return OpenOrder(
        id=OrderId(row.id),
        intent=rows.intent(row),
        state=OrderState(row.state),
        wire=row.wire,
        created_ns=row.created_ns,
        filled_shares=Shares(int(row.filled_shares_micro)),
        filled_usdc=Usdc(int(row.filled_usdc_micro)),
    )
