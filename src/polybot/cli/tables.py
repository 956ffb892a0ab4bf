"""Rows as tables and panels for a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from polybot.cli.formats import at, shares, short, signed_usd, span, usd
from polybot.cli.news import POLL, News
from polybot.config.explain import ExplainedKey
from polybot.config.models import Accounts, Target
from polybot.core.ids import Wallet
from polybot.ports.queries import DecisionRow, OrderRow, PnlRow, PositionRow, StatusView, TradeRow, WhyView


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> RenderableType:
    """A heading that starts with ">" is a column of numbers. Without rows it says so."""
    rows = list(rows)
    if not rows:
        return Text(f"{title}: none")
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def pairs(title: str, entries: Mapping[str, str]) -> Table:
    made = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in entries.items():
        made.add_row(Text(name, style="bold"), Text(value))
    return made


def status(
    view: StatusView, *, running: bool, now_ns: int, names: Mapping[Wallet, str], news: Sequence[News]
) -> RenderableType:
    """`names` of the traders by wallet. A bot that is gone has no feeds, but what locked it is still worth telling."""
    if running:
        state = f"running for {span(now_ns - view.run.started_ns)}"
    elif view.ended_ns is not None:
        state = f"stopped {span(now_ns - view.ended_ns)} ago: {view.end_reason}"
    else:
        state = f"gone without a goodbye; last sign of life {span(now_ns - view.heartbeat_ns)} ago"
    head = {
        "polybot": f"{state} ({view.run.mode})",
        "started": f"{at(view.run.started_ns)} UTC",
        "account": view.run.account,
        "cash": f"{usd(view.cash)} USDC, of which {usd(view.reserved)} reserved for open orders",
        "open positions": str(view.open_positions),
        "open orders": str(len(view.open_orders)),
        "this run": f"{view.decisions} decisions, {view.copied} copied, {view.fills} fills",
        **_state(view.state if running else _locks(view.state), names),
        **{f"{one.event.severity} {at(one.happened_ns)}": one.event.message for one in news},
    }
    return pairs("", head)


def _locks(state: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in state.items() if key.startswith("lock.")}


def _state(state: Mapping[str, str], names: Mapping[Wallet, str]) -> dict[str, str]:
    """The many polls in one line."""
    polls = {key.removeprefix(POLL): value for key, value in state.items() if key.startswith(POLL)}
    ill = [names.get(Wallet(wallet), wallet) for wallet, value in polls.items() if value != "healthy"]
    shown = {key: value for key, value in state.items() if not key.startswith(POLL)}
    if polls:
        healthy = f"healthy for {len(polls) - len(ill)} of {len(polls)} traders"
        shown["feed.activity_poll"] = f"{healthy}; stale for {', '.join(ill)}" if ill else healthy
    return shown


def positions(rows: Sequence[PositionRow]) -> RenderableType:
    columns = ("trader", "market", "outcome", ">shares", ">cost", ">realised", ">fees", ">trader's shares")
    return table(
        "Positions",
        columns,
        (
            (
                row.target_name,
                row.market_slug,
                row.outcome,
                shares(row.position.shares),
                usd(row.position.cost),
                signed_usd(row.position.realized),
                usd(row.position.fees),
                shares(row.target_shares),
            )
            for row in rows
        ),
    )


def trades(rows: Sequence[TradeRow]) -> RenderableType:
    columns = (
        "when (UTC)",
        "trader",
        "market",
        "side",
        ">shares",
        ">price",
        ">trader's",
        ">slip bps",
        ">fee",
        "state",
        "decision",
    )
    return table("Trades, newest first", columns, (_trade(row) for row in rows))


def _trade(row: TradeRow) -> tuple[str, ...]:
    return (
        at(row.matched_ns),
        row.target_name,
        f"{row.market_slug} {row.outcome}",
        row.side,
        shares(row.shares),
        str(row.price),
        str(row.target_price),
        str(row.slippage_bps),
        usd(row.fee),
        row.status,
        short(row.decision),
    )


def pnl(rows: Sequence[PnlRow]) -> RenderableType:
    columns = ("trader", "wallet", ">invested", ">realised", ">fees", ">net", ">fills")
    return table(
        "Realised profit and loss, USDC",
        columns,
        (
            (
                row.target_name,
                row.target,
                usd(row.invested),
                signed_usd(row.realized),
                usd(row.fees),
                signed_usd(row.net),
                str(row.fills),
            )
            for row in rows
        ),
    )


def decisions(rows: Sequence[DecisionRow]) -> RenderableType:
    columns = ("when (UTC)", "trader", "market", "did", ">shares", ">price", "outcome", "why", "id")
    return table("Decisions, newest first", columns, (_decision(row) for row in rows))


def _decision(row: DecisionRow) -> tuple[str, ...]:
    return (
        at(row.decided_ns),
        row.target_name,
        f"{row.market_slug} {row.outcome}",
        f"{row.side} {row.change}",
        shares(row.shares),
        str(row.price),
        row.rule,
        row.detail,
        short(row.id),
    )


def why(view: WhyView) -> RenderableType:
    row = view.decision
    head = {
        "decision": row.id,
        "trader": f"{row.target_name} ({row.target})",
        "market": f"{row.market_slug} {row.outcome}",
        "trader's order": f"{row.side} {shares(row.shares)} at {row.price} ({row.change})",
        "outcome": row.rule if not row.detail else f"{row.rule}: {row.detail}",
        "decided": f"{at(row.decided_ns)} UTC",
    }
    return Group(
        pairs("", head),
        Text(),
        _mappings("The trader's fills", view.fills),
        Text(),
        _mappings("Rules", view.checks),
        Text(),
        orders(view.orders),
        Text(),
        pairs("What was known", {name: str(value) for name, value in view.snapshot.items()}),
        Text(),
        pairs("Policy", dict(view.policy)),
    )


def orders(rows: Sequence[OrderRow]) -> RenderableType:
    columns = (">leg", "side", ">limit", ">shares", "kind", "state", ">filled", ">USDC", ">fees", "reason", "order")
    return table(
        "Our orders",
        columns,
        (
            (
                str(row.leg),
                row.side,
                str(row.limit),
                shares(row.shares),
                row.tif,
                row.state,
                shares(row.filled_shares),
                usd(row.filled_usdc),
                usd(row.fees),
                row.reason,
                short(row.order),
            )
            for row in rows
        ),
    )


def _mappings(title: str, rows: Sequence[Mapping[str, str]]) -> RenderableType:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return table(title, columns, ([str(row.get(name, "")) for name in columns] for row in rows))


def health_of(target: Target, health: Mapping[str, str]) -> str | None:
    """None: no running bot tracks it."""
    return health.get(target.address or target.name)


def accounts(configured: Accounts, health: Mapping[str, str]) -> RenderableType:
    """`health` as `store.tracked` tells it."""
    untracked = "at the next start" if health else "no bot runs"
    columns = ("trader", "wallet", "copied", "tracked", ">ratio", ">most USDC", ">least USDC", ">slippage")
    return table(
        "Traders",
        columns,
        (
            (
                target.name,
                target.wallet.text,
                "yes" if target.enabled else "no",
                health_of(target, health) or untracked,
                str(target.position_ratio),
                usd(target.max_position_usd),
                usd(target.min_position_usd),
                str(target.slippage_tolerance),
            )
            for target in configured.targets
        ),
    )


def explained(keys: Sequence[ExplainedKey]) -> RenderableType:
    blocks = Text()
    for key in keys:
        blocks.append(key.key, style="bold").append(f" = {key.value}\n")
        default = "must be given" if key.default is None else f"default {key.default}"
        blocks.append(f"    {key.origin.where or 'not set'}; {default}\n", style="dim").append(f"    {key.effect}\n")
    blocks.rstrip()
    return blocks
