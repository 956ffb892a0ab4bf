"""What targets did and what was decided about it: fills, cursors, target positions, decisions."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from polybot.core.fills import PositionChange, TargetFill, TargetOrder
from polybot.core.ids import ConditionId, DecisionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares
from polybot.decision.model import Decision
from polybot.storage import rows
from polybot.storage.database import Database
from polybot.storage.explanation import decision_values
from polybot.storage.statements import Prepared
from polybot.storage.tables import cursors, decisions, target_fills, target_positions

_MOVE_CURSOR = update(cursors).where(cursors.c.wallet == bindparam("the_wallet"))
_MOVE_POSITION = Prepared(
    update(target_positions).where(
        target_positions.c.wallet == bindparam("the_wallet"), target_positions.c.token == bindparam("the_token")
    ),
    columns=("condition", "shares_micro", "updated_ns"),
)
_ADD_DECISION = Prepared(insert(decisions), columns=decisions.c.keys())
_ADD_FILL = Prepared(insert(target_fills), columns=target_fills.c.keys())
_ADD_POSITION = insert(target_positions)


class DetectionRows:
    """The detection part of the Store port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def known_fills(self, *, since_s: int) -> Sequence[TargetFill]:
        query = select(target_fills).where(target_fills.c.timestamp_s >= since_s)
        in_order = query.order_by(target_fills.c.timestamp_s, target_fills.c.seen_ns, target_fills.c.number)
        found = await self._db.read(lambda connection: connection.execute(in_order).all())
        return [rows.target_fill(row) for row in found]

    async def left_by(self, target: Wallet, token: TokenId) -> TargetFill | None:
        newest = (
            select(decisions.c.id, decisions.c.change)
            .where(decisions.c.target == target, decisions.c.token == token)
            .order_by(decisions.c.fill_time_s.desc(), decisions.c.decided_ns.desc())
            .limit(1)
            .subquery()
        )
        query = (
            select(target_fills)
            .join(newest, newest.c.id == target_fills.c.decision)
            .where(newest.c.change == PositionChange.CLOSED.value, target_fills.c.number == 0)
        )
        found = await self._db.read(lambda connection: connection.execute(query).one_or_none())
        return rows.target_fill(found) if found else None

    async def cursor(self, wallet: Wallet) -> int | None:
        query = select(cursors.c.second).where(cursors.c.wallet == wallet)
        return await self._db.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def save_cursor(self, wallet: Wallet, second: int) -> None:
        def work(connection: Connection) -> None:
            if connection.execute(_MOVE_CURSOR, {"the_wallet": wallet, "second": second}).rowcount == 0:
                connection.execute(insert(cursors), {"wallet": wallet, "second": second})

        await self._db.write(work)

    async def target_positions(self, wallet: Wallet) -> Mapping[TokenId, Shares]:
        """Without what the target has closed."""
        held = target_positions.c.shares_micro > 0
        query = select(target_positions).where(target_positions.c.wallet == wallet, held)
        found = await self._db.read(lambda connection: connection.execute(query).all())
        return {TokenId(row.token): Shares(row.shares_micro) for row in found}

    async def save_target_positions(
        self, wallet: Wallet, positions: Mapping[TokenId, tuple[ConditionId, Shares]], *, now_ns: int
    ) -> None:
        values = [
            {
                "wallet": wallet,
                "token": token,
                "condition": condition,
                "shares_micro": shares.micro,
                "updated_ns": now_ns,
            }
            for token, (condition, shares) in positions.items()
        ]

        def work(connection: Connection) -> None:
            connection.execute(delete(target_positions).where(target_positions.c.wallet == wallet))
            if values:
                connection.execute(_ADD_POSITION, values)

        await self._db.write(work)

    async def decided(self, order: DecisionId) -> bool:
        query = select(decisions.c.id).where(decisions.c.id == order)
        return await self._db.read(lambda connection: connection.execute(query).first() is not None)

    async def record_skip(self, order: TargetOrder, decision: Decision, *, now_ns: int) -> bool:
        """Also False if one of the fills belongs to another decision."""
        return await self._db.write_once(
            lambda connection: add_decision(connection, order, decision, now_ns),
            lambda connection: is_decided(connection, order),
        )


def add_decision(connection: Connection, order: TargetOrder, decision: Decision, now_ns: int) -> None:
    """IntegrityError if the decision exists or one of its fills belongs to another."""
    verdict = {**rows.target_order_values(order), **decision_values(decision), "decided_ns": now_ns}
    _ADD_DECISION.execute(connection, verdict)
    for number, fill in enumerate(order.fills):
        _ADD_FILL.execute(connection, rows.target_fill_values(fill, decision=order.id, number=number))
    _move_target(connection, order, now_ns)


def is_decided(connection: Connection, order: TargetOrder) -> bool:
    keys = [fill.key for fill in order.fills]
    belongs = or_(target_fills.c.decision == order.id, target_fills.c.key.in_(keys))
    return connection.execute(select(target_fills.c.key).where(belongs)).first() is not None


def _move_target(connection: Connection, order: TargetOrder, now_ns: int) -> None:
    """The target now holds what it held before the order, changed by the order; never less than nothing."""
    change = order.shares.micro if order.side is Side.BUY else -order.shares.micro
    values = {
        "condition": order.condition,
        "shares_micro": max(0, order.held_before.micro + change),
        "updated_ns": now_ns,
    }
    where = {"wallet": order.target, "token": order.token}
    if _MOVE_POSITION.execute(connection, rows.bound(where) | values) == 0:
        connection.execute(_ADD_POSITION, where | values)
