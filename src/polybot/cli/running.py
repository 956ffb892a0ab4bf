"""Commands that run something: the bot, the demo, the simulator, a connection test; and the one that stops a bot."""
# ruff: noqa: PLC0415 - what only one command needs is imported by it, so that --help is fast

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from polybot.cli.exits import Exit, Failure
from polybot.cli.options import FolderOption, JsonOption, folder_of
from polybot.cli.output import note, show

if TYPE_CHECKING:
    from polybot.config.loader import LoadedConfig

_T = TypeVar("_T")


def run_fast(work: Coroutine[Any, Any, _T]) -> _T:
    """On uvloop where there is one."""
    try:
        from uvloop import new_event_loop  # absent on Windows
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)


def start(
    ctx: typer.Context,
    paper: Annotated[bool, typer.Option("--paper", help="Live data, simulated fills (the default).")] = False,
    live: Annotated[bool, typer.Option("--live", help="Real money; needs execution.live_armed too.")] = False,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow the traders until Ctrl-C or `polybot stop`.

    Example: polybot start --paper --config ~/polybot
    """
    from polybot.config.loader import load

    if paper and live:
        raise Failure(Exit.USAGE, "--paper and --live exclude each other", then="`polybot start --paper`")
    mode: Literal["paper", "live"] = "live" if live else "paper"
    loaded = load(folder_of(ctx, config), environ=os.environ)
    if not loaded.accounts.targets:
        raise Failure(Exit.CONFIG, "accounts.yaml names no trader to copy", then="`polybot accounts add NAME WALLET`")
    traders = len(loaded.accounts.targets)
    note(f"starting {mode}, traders: {traders}; Ctrl-C or `polybot stop` ends it, `polybot status` shows it")
    _run_bot(loaded, mode)
    show({"mode": mode, "ended": "stopped"}, "stopped", as_json=as_json)


def _run_bot(config: "LoadedConfig", mode: Literal["paper", "live"]) -> None:
    from polybot.app import run as app
    from polybot.utils.logging import LogPlan, logging_to

    settings = config.settings.logging
    plan = LogPlan(
        level=settings.level, file=config.log_file, rotate_mb=settings.rotate_mb, keep_files=settings.keep_files
    )
    with logging_to(plan):
        run_fast(app.run(config, mode=mode))


def stop(
    ctx: typer.Context,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for a clean end.")] = 60,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop the running bot: open orders are cancelled and followed to their end first.

    Example: polybot stop --timeout 120
    """
    from polybot.cli.stopping import stop_bot
    from polybot.config.loader import load_settings

    loaded = load_settings(folder_of(ctx, config), environ=os.environ)
    detail = asyncio.run(stop_bot(loaded, timeout_s=timeout))
    show({"stopped": True, "detail": detail}, detail, as_json=as_json)


def check_connection(ctx: typer.Context, config: FolderOption = None, as_json: JsonOption = False) -> None:
    """Ask every Polymarket service once: does it answer, how fast, does its clock agree with ours.

    Example: polybot test-connection
    """
    from polybot.app.connection import check
    from polybot.cli.tables import table
    from polybot.config.loader import load_settings

    loaded = load_settings(folder_of(ctx, config), environ=os.environ)
    note("asking every service; one that does not answer takes up to a minute")
    checks = run_fast(check(loaded))
    rows = (
        (
            check.name,
            "ok" if check.ok else "FAILED",
            "" if check.latency_ms is None else f"{check.latency_ms:.1f}",
            "" if check.clock_skew_ms is None else str(check.clock_skew_ms),
            check.detail,
            check.url,
        )
        for check in checks
    )
    view = table("Services", ("service", "", ">ms", ">skew ms", "", "url"), rows)
    show({"services": checks}, view, as_json=as_json)
    failed = [check.name for check in checks if not check.ok]
    if failed:
        then = "repair what the table says; `polybot config explain endpoints` shows where the addresses come from"
        raise Failure(Exit.FAILED, f"not usable: {', '.join(failed)}", then=then)


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Real seconds to run before settling and ending.")
    ] = None,
    speed: Annotated[float | None, typer.Option(min=0.1, help="How many times faster than real time passes.")] = None,
    tape: Annotated[list[Path] | None, typer.Option(exists=True, help="Replay a recording; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another generated market.")] = 1,
    json_path: Annotated[Path | None, typer.Option("--json", metavar="PATH", help="Write the summary here.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the summary.")] = False,
) -> None:
    """Watch polybot copy traders on a simulated Polymarket: no key, no network, no configuration.

    Example: polybot demo --seconds 60 --json summary.json
    """
    from rich.console import Console

    from polybot.app.demo import NOBODY, DemoOptions, run_demo
    from polybot.cli.demo_view import DemoView, summary
    from polybot.utils.garbage import look_for_cycles_less_often
    from polybot.utils.logging import LogPlan, logging_to

    options = DemoOptions(
        seconds=seconds, speed=speed, tapes=tuple(tape or ()), seed=seed, json_path=json_path, quiet=quiet
    )
    console = Console()
    look_for_cycles_less_often()
    with logging_to(LogPlan(level="error")):
        try:
            report = run_fast(run_demo(options, NOBODY if quiet else DemoView(console).watch))
        except OSError as fault:
            what = f"the demo cannot go on: {fault}"
            raise Failure(
                Exit.FAILED, what, then="`polybot demo --json PATH` with a path that can be written"
            ) from None
    console.print(summary(report))
    if not report.ledger_matches_ground_truth:
        what = "polybot's ledger differs from what really happened"
        raise Failure(Exit.FAILED, what, then="`polybot demo --json PATH` and look at ground_truth_differences")


def simulate(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_000, help="First port; 0 takes free ones.")] = 0,
    tape: Annotated[list[Path] | None, typer.Option(exists=True, help="Replay a recording; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another generated market.")] = 0,
    speed: Annotated[float, typer.Option(min=0.1, help="How many times faster than real time passes.")] = 1.0,
    faults: Annotated[Path | None, typer.Option(exists=True, help="A script of what goes wrong.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write requests, frames and strikes here, as JSON lines.")] = None,
    replay: Annotated[Path | None, typer.Option(exists=True, help="Repeat the strikes of such a record.")] = None,
    rehearse: Annotated[
        str, typer.Option(help="No server: so much simulated time at once, like 90s, 30m or 24h.")
    ] = "",
) -> None:
    """Serve a simulated Polymarket on localhost until Ctrl-C; prints one JSON line with its URLs when ready.

    Example: polybot simulate --port 0 --seed 7 --faults faults.yaml
    """
    from polybot.cli.simulating import fault_plan, rehearsed, seconds_of
    from polybot.simulator.server import ServeOptions, serve
    from polybot.utils.logging import LogPlan, logging_to

    seed, script = fault_plan(faults, replay, seed=seed)
    if rehearse:
        if tape or port or speed != 1:
            what = "--rehearse takes no --tape, --port or --speed: it serves nobody and waits for nothing"
            raise Failure(Exit.USAGE, what, then="leave them out, or leave --rehearse out")
        rehearsed(seconds=seconds_of(rehearse), seed=seed, script=script, record=record)
        return
    tapes = [str(path) for path in tape or ()]
    options = ServeOptions(port=port, tapes=tapes, seed=seed, speed=speed, faults=script, record=record)
    with logging_to(LogPlan(level="warning")):
        try:
            run_fast(serve(options))
        except OSError as fault:
            then = "name a file that can be written" if fault.filename else "`polybot simulate --port 0`"
            raise Failure(Exit.FAILED, f"cannot serve: {fault}", then=then) from None
