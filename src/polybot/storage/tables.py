"""The tables. Money and shares are integer micro-units, ids are text, times are nanoseconds or venue seconds.

Unique keys carry exactly-once: a target fill belongs to one decision, a decision and a leg to one order, a trade
and an order to one fill, a token to one settlement.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _serial() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _int(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _maybe_int(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


runs = Table(
    "runs",
    metadata,
    _serial(),
    _text("mode"),
    _text("account"),
    _int("started_ns"),
    _maybe_int("ended_ns"),
    _text("end_reason"),
    _int("heartbeat_ns"),
    _text("state"),
)

tracked_accounts = Table(
    "tracked_accounts",
    metadata,
    Column("wallet", Text, primary_key=True),
    _text("name"),
    _flag("enabled"),
    _text("settings"),
    _int("updated_ns"),
)

cursors = Table("cursors", metadata, Column("wallet", Text, primary_key=True), _int("second"))

target_positions = Table(
    "target_positions",
    metadata,
    Column("wallet", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    _text("condition"),
    _int("shares_micro"),
    _int("updated_ns"),
)

decisions = Table(
    "decisions",
    metadata,
    _id(),
    _text("target"),
    _text("token"),
    _text("condition"),
    _text("side"),
    _int("shares_micro"),
    _int("price_micro"),
    _int("held_before_micro"),
    _text("change"),
    _int("fill_time_s"),
    _int("decided_ns"),
    _text("rule"),
    _text("detail"),
    _text("checks"),
    _text("snapshot"),
    _text("policy"),
    Index(None, "decided_ns"),
)

target_fills = Table(
    "target_fills",
    metadata,
    Column("key", Text, primary_key=True),
    Column("decision", Text, ForeignKey("decisions.id"), nullable=False),
    _int("number"),
    _int("occurrence"),
    _text("source"),
    _text("wallet"),
    _text("token"),
    _text("condition"),
    _text("side"),
    _int("shares_micro"),
    _int("price_micro"),
    _text("tx"),
    _int("timestamp_s"),
    _int("seen_ns"),
    _int("seen_mono_ns"),
    _maybe_int("published_ns"),
    _text("slug"),
    _text("title"),
    _text("outcome"),
    UniqueConstraint("decision", "number"),
    Index(None, "timestamp_s"),
)

orders = Table(
    "orders",
    metadata,
    _id(),
    _text("intent"),
    Column("decision", Text, ForeignKey("decisions.id"), nullable=False),
    _int("leg"),
    _text("account"),
    _text("target"),
    _text("token"),
    _text("condition"),
    _text("side"),
    _int("limit_micro"),
    _int("making"),
    _int("taking"),
    _text("tif"),
    _int("expiration_s"),
    _flag("post_only"),
    _int("reserve_micro"),
    Column("wire", LargeBinary, nullable=False),
    _text("state"),
    _text("reason"),
    _int("created_ns"),
    _maybe_int("answered_ns"),
    UniqueConstraint("intent"),
    UniqueConstraint("decision", "leg"),
    Index(None, "state"),
    Index(None, "target", "token"),
)

trade_log = Table(
    "trade_log",
    metadata,
    Column("trade", Text, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), primary_key=True),
    _text("token"),
    _text("condition"),
    _text("side"),
    _int("shares_micro"),
    _int("usdc_micro"),
    _int("fee_micro"),
    _int("cash_micro"),
    _text("status"),
    _int("matched_ns"),
    _text("tx"),
    _flag("maker"),
    _int("recorded_ns"),
    Index(None, "order_id"),
    Index(None, "matched_ns"),
)

settlements = Table(
    "settlements",
    metadata,
    Column("token", Text, primary_key=True),
    _text("condition"),
    _int("payout_micro"),
    _int("resolved_ns"),
    _int("applied_ns"),
)

positions = Table(
    "positions",
    metadata,
    Column("target", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    _text("condition"),
    _int("shares_micro"),
    _int("cost_micro"),
    _int("realized_micro"),
    _int("fees_micro"),
    _int("bought_micro"),
    _int("sold_micro"),
    _int("settled_micro"),
    _int("paid_micro"),
    _int("updated_ns"),
    Index(None, "token"),
)

cash_entries = Table("cash_entries", metadata, _serial(), _int("amount_micro"), _text("reason"), _int("entered_ns"))

commands = Table(
    "commands",
    metadata,
    _serial(),
    _text("name"),
    _text("args"),
    _int("issued_ns"),
    _maybe_int("finished_ns"),
    Column("ok", Boolean, nullable=True),
    _text("detail"),
    Index(None, "finished_ns"),
)

system_events = Table(
    "system_events",
    metadata,
    _serial(),
    _text("kind"),
    _text("severity"),
    _text("message"),
    _text("data"),
    _int("happened_ns"),
)
