"""Lives of the bot, the traders it follows, and what operators may want to read later."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, insert, update

from polybot.core.ids import Wallet
from polybot.ports.store import Event, Run, TargetRow
from polybot.storage.database import Database
from polybot.storage.explanation import json_text
from polybot.storage.tables import runs, system_events, tracked_accounts


class RunRows:
    """The life-cycle part of the Store port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def begin_run(self, *, mode: str, account: Wallet, targets: Sequence[TargetRow], now_ns: int) -> Run:
        """Targets that are no longer configured stay on record as disabled."""

        def work(connection: Connection) -> int:
            _save_targets(connection, targets, now_ns)
            life = {"mode": mode, "account": account, "started_ns": now_ns, "heartbeat_ns": now_ns}
            key = connection.execute(insert(runs), {**life, "end_reason": "", "state": "{}"}).inserted_primary_key
            assert key is not None  # noqa: S101 - a single-row insert has one
            return int(key[0])

        return Run(id=await self._db.write(work), mode=mode, account=account, started_ns=now_ns)

    async def end_run(self, run: int, *, reason: str, now_ns: int) -> None:
        await self._update_run(run, {"end_reason": reason, "ended_ns": now_ns, "heartbeat_ns": now_ns})

    async def heartbeat(self, run: int, *, state: Mapping[str, str], now_ns: int) -> None:
        await self._update_run(run, {"state": json_text(dict(state)), "heartbeat_ns": now_ns})

    async def record_event(self, event: Event, *, now_ns: int) -> None:
        row = {
            "kind": event.kind,
            "severity": event.severity,
            "message": event.message,
            "data": json_text(dict(event.data)),
            "happened_ns": now_ns,
        }

        def work(connection: Connection) -> None:
            connection.execute(insert(system_events), row)

        await self._db.write(work)

    async def _update_run(self, run: int, values: Mapping[str, object]) -> None:
        def work(connection: Connection) -> None:
            if connection.execute(update(runs).where(runs.c.id == run), values).rowcount == 0:
                raise KeyError(f"run {run} is not in this database")

        await self._db.write(work)


_UPDATE_TARGET = update(tracked_accounts).where(tracked_accounts.c.wallet == bindparam("the_wallet"))


def _save_targets(connection: Connection, targets: Sequence[TargetRow], now_ns: int) -> None:
    connection.execute(update(tracked_accounts).values(enabled=False))
    for target in targets:
        values = {
            "name": target.name,
            "enabled": target.enabled,
            "settings": json_text(dict(target.settings)),
            "updated_ns": now_ns,
        }
        if connection.execute(_UPDATE_TARGET, {"the_wallet": target.wallet, **values}).rowcount == 0:
            connection.execute(insert(tracked_accounts), {"wallet": target.wallet, **values})
