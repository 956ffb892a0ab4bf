"""The command line's entry: the commands' names, and errors caught once."""

import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import NoReturn

import typer

from polybot.cli import asking, running, setting_up, wallet
from polybot.cli.errors import failure_of
from polybot.cli.exits import Exit, Failure
from polybot.cli.options import FolderOption, JsonOption
from polybot.cli.output import note, show

app = typer.Typer(
    name="polybot",
    help="Copies chosen Polymarket traders on your own account. New here? Type `polybot demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_config = typer.Typer(help="Check and explain the configuration.", no_args_is_help=True)
_accounts = typer.Typer(invoke_without_command=True)
_setup = typer.Typer(invoke_without_command=True)


@app.callback()
def _root(config: FolderOption = None) -> None:
    """Copies chosen Polymarket traders on your own account. New here? Type `polybot demo`."""


def version(as_json: JsonOption = False) -> None:
    """Show polybot's version.

    Example: polybot version
    """
    number = metadata.version("polybot")
    show({"version": number}, f"polybot {number}", as_json=as_json)


_COMMANDS: dict[str, Callable[..., None]] = {
    "demo": running.demo,
    "init": setting_up.init,
    "start": running.start,
    "stop": running.stop,
    "status": asking.status,
    "positions": asking.positions,
    "trades": asking.trades,
    "pnl": asking.pnl,
    "why": asking.why,
    "decisions": asking.decisions,
    "test-connection": running.check_connection,
    "simulate": running.simulate,
    "version": version,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
_config.command("validate")(setting_up.validate)
_config.command("explain")(setting_up.explain)
_accounts.callback()(setting_up.accounts)
_accounts.command("add")(setting_up.accounts_add)
app.add_typer(_config, name="config")
app.add_typer(_accounts, name="accounts")
_setup.callback()(wallet.setup)
_setup.command("session-key")(wallet.session_key)
app.add_typer(_setup, name="setup")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and exits; a mistake of the person's ends in a sentence, never in a traceback."""
    try:
        app(args=None if arguments is None else list(arguments))
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        _report(failure)
        sys.exit(failure.code)
    sys.exit(Exit.OK)


def _report(failure: Failure) -> None:
    note(f"error: {failure.what}")
    note(f"Next: {failure.then}")
