"""Fills, settlements and cash; positions are refolded in the transaction that stores what changed them."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, update

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.ledger import Position, Settlement, fold, outranks
from polybot.core.money import Price, Usdc, proceeds_floor
from polybot.core.orders import OurFill
from polybot.ports.store import History
from polybot.storage import rows
from polybot.storage.database import Database
from polybot.storage.orders import read_orders_that_matter
from polybot.storage.tables import cash_entries, orders, positions, settlements, trade_log

_TARGET = select(orders.c.target).where(orders.c.id == bindparam("the_id"))
_FILL = select(trade_log).where(
    trade_log.c.trade == bindparam("the_trade"), trade_log.c.order_id == bindparam("the_order_id")
)
_RENEW_FILL = update(trade_log).where(
    trade_log.c.trade == bindparam("the_trade"), trade_log.c.order_id == bindparam("the_order_id")
)
_POSITION_FILLS = (
    select(trade_log)
    .join(orders, orders.c.id == trade_log.c.order_id)
    .where(orders.c.target == bindparam("the_target"), trade_log.c.token == bindparam("the_token"))
)
_SETTLEMENT = select(settlements).where(settlements.c.token == bindparam("the_token"))
_RENEW_POSITION = update(positions).where(
    positions.c.target == bindparam("the_target"), positions.c.token == bindparam("the_token")
)


class LedgerRows:
    """The ledger part of the Store port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def apply_fill(self, fill: OurFill, *, now_ns: int) -> bool:
        return await self._db.write(lambda connection: _apply_fill(connection, fill, now_ns))

    async def apply_settlement(self, settlement: Settlement, *, now_ns: int) -> bool:
        """A fill that is learnt of after its token was settled is paid out when it is stored."""
        known = select(settlements.c.token).where(settlements.c.token == settlement.token)
        return await self._db.write_once(
            lambda connection: _apply_settlement(connection, settlement, now_ns),
            lambda connection: connection.execute(known).first() is not None,
        )

    async def set_cash(self, cash: Usdc, *, reason: str, now_ns: int) -> None:
        """Adds no entry if cash is that already."""

        def work(connection: Connection) -> None:
            missing = cash - read_cash(connection)
            if missing:
                entry = {"amount_micro": missing.micro, "reason": reason, "entered_ns": now_ns}
                connection.execute(insert(cash_entries), entry)

        await self._db.write(work)

    async def cash(self) -> Usdc:
        return await self._db.read(read_cash)

    async def positions(self) -> Sequence[Position]:
        query = select(positions).order_by(positions.c.target, positions.c.token)
        found = await self._db.read(lambda connection: connection.execute(query).all())
        return [rows.position(row) for row in found]

    async def history(self) -> History:
        return await self._db.read(_read_history)


def read_cash(connection: Connection) -> Usdc:
    columns = (cash_entries.c.amount_micro, trade_log.c.cash_micro, positions.c.paid_micro)
    return Usdc(sum(int(connection.execute(select(func.coalesce(func.sum(c), 0))).scalar_one()) for c in columns))


def _apply_fill(connection: Connection, fill: OurFill, now_ns: int) -> bool:
    target = connection.execute(_TARGET, {"the_id": fill.order}).scalar_one_or_none()
    if target is None:
        raise KeyError(fill.order)
    values = rows.our_fill_values(fill)
    key = {"the_trade": fill.trade, "the_order_id": fill.order}
    known = connection.execute(_FILL, key).one_or_none()
    if known is None:
        connection.execute(insert(trade_log), {**values, "recorded_ns": now_ns})
    elif outranks(fill, rows.our_fill(known)):
        connection.execute(_RENEW_FILL, {**values, **key})
    else:
        return False
    _refold(connection, Wallet(target), fill.token, fill.condition, now_ns)
    return True


def _apply_settlement(connection: Connection, settlement: Settlement, now_ns: int) -> None:
    row = {
        "token": settlement.token,
        "condition": settlement.condition,
        "payout_micro": settlement.payout.micro,
        "resolved_ns": settlement.resolved_ns,
        "applied_ns": now_ns,
    }
    connection.execute(insert(settlements), row)
    held = connection.execute(select(positions.c.target).where(positions.c.token == settlement.token)).scalars().all()
    for target in held:
        _refold(connection, Wallet(target), settlement.token, settlement.condition, now_ns)


def _refold(connection: Connection, target: Wallet, token: TokenId, condition: ConditionId, now_ns: int) -> None:
    where = {"the_target": target, "the_token": token}
    fills = [rows.our_fill(row) for row in connection.execute(_POSITION_FILLS, where)]
    ended = connection.execute(_SETTLEMENT, {"the_token": token}).one_or_none()
    settlement = rows.settlement(ended) if ended else None
    position = fold(target, token, condition, fills, settlement)
    values = {**rows.position_values(position), "paid_micro": _paid(position, settlement).micro, "updated_ns": now_ns}
    if connection.execute(_RENEW_POSITION, {**values, **where}).rowcount == 0:
        connection.execute(insert(positions), values)


def _paid(position: Position, settlement: Settlement | None) -> Usdc:
    return proceeds_floor(position.settled, Price(settlement.payout.micro)) if settlement else Usdc(0)


def _read_history(connection: Connection) -> History:
    in_order = select(trade_log).order_by(trade_log.c.matched_ns, trade_log.c.trade, trade_log.c.order_id)
    return History(
        cash=read_cash(connection),
        orders=read_orders_that_matter(connection),
        fills=[rows.our_fill(row) for row in connection.execute(in_order)],
        settlements=[rows.settlement(row) for row in connection.execute(select(settlements))],
    )
