"""Options that many commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="Folder with accounts.yaml, settings.yaml and .env. Default: $POLYBOT_HOME, else the current folder.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for programs.")]
AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ACCOUNT", help="Only this trader: name or wallet.")
]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="Most rows to show.")]


def folder_of(ctx: typer.Context, option: Path | None) -> Path:
    """The command's own --config, else the one before the command, else the default."""
    from polybot.config.loader import folder_from  # noqa: PLC0415 - keeps --help fast

    before = ctx.find_root().params.get("config")
    return folder_from(option or before, os.environ)
