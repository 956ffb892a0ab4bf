"""Commands that read the store: they work while the bot runs and after it stopped."""
# ruff: noqa: PLC0415 - what only one command needs is imported by it, so that --help is fast

from typing import Annotated

import typer

from polybot.cli.exits import Exit, Failure
from polybot.cli.options import AccountOption, FolderOption, JsonOption, LimitOption, folder_of
from polybot.cli.output import show

_NEWS_SHOWN = 5


def status(ctx: typer.Context, config: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show whether polybot runs, what it holds and what it did.

    Example: polybot status --json | jq .running
    """
    from polybot.cli import tables
    from polybot.cli.news import standing
    from polybot.cli.store import ask, is_running, nothing_here
    from polybot.utils.clock import SystemClock

    folder = folder_of(ctx, config)
    found = ask(folder, standing)
    if found is None:
        raise nothing_here(folder)
    now_ns, view = SystemClock().now_ns(), found.view
    running = is_running(view, now_ns=now_ns)
    text = tables.status(view, running=running, now_ns=now_ns, names=found.names, news=found.news[:_NEWS_SHOWN])
    show({"running": running, "status": view, "events": found.news}, text, as_json=as_json)


def positions(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Argument(help="Only this trader's copies: name or wallet.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed positions too.")] = False,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what polybot holds, trader by trader.

    Example: polybot positions whale
    """
    from polybot.cli import tables
    from polybot.cli.store import ask_about

    rows = ask_about(
        folder_of(ctx, config), account, lambda queries, wallet: queries.positions(target=wallet, include_closed=every)
    )
    show({"positions": rows}, tables.positions(rows), as_json=as_json)


def trades(
    ctx: typer.Context,
    *,
    account: AccountOption = None,
    limit: LimitOption = 50,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show our fills, newest first, beside the prices the traders got.

    Example: polybot trades --account whale --limit 10
    """
    from polybot.cli import tables
    from polybot.cli.store import ask_about

    rows = ask_about(
        folder_of(ctx, config), account, lambda queries, wallet: queries.trades(limit=limit, target=wallet)
    )
    show({"trades": rows}, tables.trades(rows), as_json=as_json)


def decisions(
    ctx: typer.Context,
    *,
    account: AccountOption = None,
    rule: Annotated[str | None, typer.Option(help='Only this outcome: "copy", or the rule that refused.')] = None,
    limit: LimitOption = 50,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what polybot decided about the traders' orders, newest first.

    Example: polybot decisions --rule slippage
    """
    from polybot.cli import tables
    from polybot.cli.store import ask_about

    rows = ask_about(
        folder_of(ctx, config),
        account,
        lambda queries, wallet: queries.decisions(limit=limit, target=wallet, rule=rule),
    )
    show({"decisions": rows}, tables.decisions(rows), as_json=as_json)


def pnl(ctx: typer.Context, config: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show realised profit and loss of every trader's copies.

    Example: polybot pnl --json
    """
    from polybot.cli import tables
    from polybot.cli.store import ask

    rows = ask(folder_of(ctx, config), lambda queries: queries.pnl())
    show({"pnl": rows}, tables.pnl(rows), as_json=as_json)


def why(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of a decision or an order, or its first 6 or more characters.")],
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything about one decision: fills, rules with numbers and limits, what was known, orders.

    Example: polybot why 3f9a01c2
    """
    from polybot.cli import tables
    from polybot.cli.store import ask

    view = ask(folder_of(ctx, config), lambda queries: queries.why(id))
    if view is None:
        what = f"{id!r} is not the beginning of exactly one decision or order (6 characters at least)"
        raise Failure(Exit.NOTHING, what, then="`polybot decisions` for the ids")
    show({"why": view}, tables.why(view), as_json=as_json)
