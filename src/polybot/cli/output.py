"""What commands print: tables for people or one JSON document on stdout; everything else on stderr."""

# ruff: noqa: PLC0415 - rich is slow to import, and --help needs none of this

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

_PIPE_COLUMNS = 200
"""A pipe or a file has no edge at which a table must be folded."""


def width() -> int | None:
    """Of what is printed on stdout; None: as wide as the terminal or $COLUMNS says."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_COLUMNS


def show(data: object, view: "RenderableType", *, as_json: bool) -> None:
    """`data` for programs, `view` for people; both say the same."""
    from rich.console import Console

    from polybot.cli.plain import document

    if as_json:
        Console(soft_wrap=True, markup=False, highlight=False, color_system=None).print(document(data))
    else:
        Console(width=width()).print(view)


def note(text: str) -> None:
    """For the person, never for a pipe."""
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(text)
