"""Commands about the configuration: write it, check it, explain it, add to it."""
# ruff: noqa: PLC0415 - what only one command needs is imported by it, so that --help is fast

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polybot.cli.exits import Exit, Failure
from polybot.cli.options import FolderOption, JsonOption, folder_of
from polybot.cli.output import note, show

if TYPE_CHECKING:
    from polybot.config.loader import LoadedConfig


def init(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Where to write; made if missing.")] = None,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a commented, working configuration: accounts.yaml, settings.yaml and .env.example.

    Example: polybot init ~/polybot
    """
    from polybot.config import edit

    where = folder or folder_of(ctx, config)
    try:
        written = edit.write_templates(where)
    except FileExistsError as exists:
        what = f"{exists.args[0]} exists already; nothing was written"
        raise Failure(
            Exit.FAILED, what, then=f"`polybot config validate --config {where}`, or choose another folder"
        ) from None
    except OSError as fault:
        what = f"cannot write to {where}: {fault.strerror}"
        raise Failure(Exit.FAILED, what, then="`polybot init DIR` with a folder that is yours") from None
    lines = "\n".join(f"wrote {path}" for path in written)
    show({"written": written}, lines, as_json=as_json)
    note(f"Next: `polybot accounts add NAME WALLET --config {where}`, then `polybot start --paper --config {where}`")


def validate(ctx: typer.Context, config: FolderOption = None, as_json: JsonOption = False) -> None:
    """Check the configuration and list everything that is wrong with it.

    Example: polybot config validate --config ~/polybot
    """
    from polybot.config.errors import ConfigError
    from polybot.config.loader import load

    folder = folder_of(ctx, config)
    try:
        loaded = load(folder, environ=os.environ)
    except ConfigError as error:
        if as_json:
            show({"valid": False, "problems": error.problems, "warnings": []}, "", as_json=True)
        raise
    warnings = _warnings(loaded)
    targets = loaded.accounts.targets
    view = f"valid; traders: {len(targets)}, copied: {sum(target.enabled for target in targets)}"
    show({"valid": True, "problems": [], "warnings": warnings}, view, as_json=as_json)
    for warning in warnings:
        note(f"mind: {warning}")


def _warnings(config: "LoadedConfig") -> list[str]:
    from polybot.config.live import unbuilt_safety_keys

    warnings = [
        f"{key} is set, but this release does not enforce it: --live will refuse to start"
        for key in unbuilt_safety_keys(config.settings)
    ]
    if not config.accounts.targets:
        warnings.append("no trader is configured yet: `polybot accounts add NAME WALLET`")
    return warnings


def explain(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="[KEY]", help="A key or a section, such as safety.")] = "",
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every key's value, where it comes from, its default and its effect.

    Example: polybot config explain execution.when_slippage_exceeded
    """
    from polybot.cli import tables
    from polybot.config.explain import explain as explained
    from polybot.config.loader import load

    keys = explained(load(folder_of(ctx, config), environ=os.environ), key)
    if not keys:
        raise Failure(Exit.NOTHING, f"there is no key {key!r}", then="`polybot config explain` for all of them")
    show({"keys": keys}, tables.explained(keys), as_json=as_json)


def accounts(ctx: typer.Context, config: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show the configured traders and whether a running bot tracks them; `accounts add` adds one.

    Example: polybot accounts --json
    """
    from polybot.cli import tables
    from polybot.cli.store import tracked
    from polybot.config.loader import load

    if ctx.invoked_subcommand is not None:
        return
    loaded = load(folder_of(ctx, config), environ=os.environ)
    health = tracked(loaded)
    data = loaded.accounts.model_dump()
    for target, row in zip(loaded.accounts.targets, data["targets"], strict=True):
        row["tracked"] = tables.health_of(target, health) is not None
    show(data, tables.accounts(loaded.accounts, health), as_json=as_json)


def accounts_add(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="Your name for the trader.")],
    wallet: Annotated[str, typer.Argument(help="Address, https://polymarket.com/@name, or user name.")],
    ratio: Annotated[str | None, typer.Option(help="Copy size as a factor of the trader's (0.01).")] = None,
    max_usd: Annotated[str | None, typer.Option(help="Most USDC in one outcome for this trader.")] = None,
    min_usd: Annotated[str | None, typer.Option(help="Ignore trades worth less USDC.")] = None,
    slippage: Annotated[str | None, typer.Option(help="Entry tolerance as a fraction (0.05).")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Add, but do not copy yet.")] = False,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a trader to accounts.yaml, keeping its comments.

    Example: polybot accounts add whale https://polymarket.com/@whale --ratio 0.02 --max-usd 200
    """
    from polybot.config import edit
    from polybot.config.loader import load

    folder = folder_of(ctx, config)
    loaded = load(folder, environ=os.environ)
    address = _address_of(loaded, wallet)
    options = {
        "position_ratio": ratio,
        "max_position_usd": max_usd,
        "min_position_usd": min_usd,
        "slippage_tolerance": slippage,
        "enabled": "false" if disabled else None,
    }
    target = {"name": name, "wallet": address, **{key: text for key, text in options.items() if text is not None}}
    edit.add_target(folder, target)
    show({"added": target}, f"added {name}: {address}", as_json=as_json)
    note("Next: `polybot start --paper`; a running bot reads the change at its next start")


def _address_of(config: "LoadedConfig", text: str) -> str:
    """What is written down: the wallet that trades; user names change hands and some addresses only sign."""
    from polybot.app.followed import TargetUnknown
    from polybot.app.resolve import resolve_target

    try:
        found = asyncio.run(resolve_target(config, text))
    except (ValueError, TargetUnknown) as fault:
        what = f"WALLET {text!r}: {fault}"
        raise Failure(Exit.FAILED, what, then="`polybot accounts add NAME 0x...` with the proxy wallet") from None
    if found.note:
        note(found.note)
    return found.wallet
