"""`polybot setup`: shows what it would sign, asks, does it."""
# ruff: noqa: PLC0415 - what only one command needs is imported by it, so that --help is fast

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from polybot.cli.exits import Exit, Failure
from polybot.cli.options import FolderOption, JsonOption, folder_of
from polybot.cli.output import note, show

if TYPE_CHECKING:
    from polybot.app.wallet_setup import SetupReport
    from polybot.config.loader import LoadedConfig
    from polybot.core.ids import Wallet
    from polybot.ports.wallet import Call


def setup(
    ctx: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show everything, sign nothing.")] = False,
    show_payload: Annotated[
        bool, typer.Option("--show-payload", help="Show what would be signed, byte for byte.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    wrap: Annotated[bool, typer.Option("--wrap", help="Turn the wallet's USDC.e into pUSD too.")] = False,
    approve: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Let this contract spend pUSD too; repeatable.")
    ] = None,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make your wallet ready to trade: deploy it, grant its approvals, have Polymarket look at it again.

    Shows first what it would sign; safe to interrupt and to repeat.

    Example: polybot setup --dry-run --show-payload
    """
    from polybot.app.wallet_setup import Person, SetupOptions, set_up
    from polybot.cli import wallet_view
    from polybot.cli.running import run_fast
    from polybot.config.loader import load
    from polybot.utils.clock import SystemClock
    from polybot.utils.logging import LogPlan, logging_to

    if ctx.invoked_subcommand is not None:
        return
    loaded = load(folder_of(ctx, config), environ=os.environ)
    options = SetupOptions(wrap=wrap, approve=_addresses(approve or []), dry_run=dry_run, show_payload=show_payload)
    person = Person(
        show=lambda report: None if as_json else wallet_view.before(report),
        agrees=lambda: yes or _agrees(),
        tell=note,
    )
    note("looking at the wallet on the chain and at Polymarket; what does not answer takes up to a minute")
    with logging_to(LogPlan(level="warning")):
        report = run_fast(set_up(loaded, options, person, clock=SystemClock()))
    show(report, wallet_view.after(report), as_json=as_json)
    _end(report, loaded)


def session_key(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="Address of the second key.")],
    *,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the permission back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    config: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a second key trade for your deposit wallet: it cannot take money out, and its permission ends by itself.

    Example: polybot setup session-key 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from polybot.app.session_keys import SessionKeyWish, change_session_key
    from polybot.cli import wallet_view
    from polybot.cli.running import run_fast
    from polybot.config.loader import load
    from polybot.utils.clock import SystemClock
    from polybot.utils.logging import LogPlan, logging_to

    def agrees(call: "Call") -> bool:
        note(f"would be signed: {call.words}\n  call of {call.target} with 0x{call.data.hex()}")
        return yes or _agrees()

    loaded = load(folder_of(ctx, config), environ=os.environ)
    (known,) = _addresses([address])
    wish = SessionKeyWish(known, revoke=revoke, agrees=agrees, tell=note)
    with logging_to(LogPlan(level="warning")):
        report = run_fast(change_session_key(loaded, wish, clock=SystemClock()))
    show(report, wallet_view.session_keys(report), as_json=as_json)
    if not report.agreed:
        raise Failure(Exit.REFUSED, "nothing was signed", then="`polybot setup session-key ADDRESS --yes` in a script")


def _addresses(texts: list[str]) -> "tuple[Wallet, ...]":
    from polybot.core.ids import parse_wallet

    try:
        return tuple(map(parse_wallet, texts))
    except ValueError as wrong:
        raise Failure(Exit.USAGE, str(wrong), then="`polybot setup --help`") from None


def _agrees() -> bool:
    # The event loop's own handler would let the reading go on until Enter.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        note("Sign and send these? Type yes, then Enter.")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    finally:
        signal.signal(signal.SIGINT, before)


def _end(report: "SetupReport", config: "LoadedConfig") -> None:
    """Failure unless the wallet is ready, or was only to be looked at."""
    from polybot.config.credentials import relayer_remedy

    account, standing = config.accounts.your_account, report.standing
    match report.outcome:
        case "restricted":
            what = f"Polymarket restricts trading here ({standing.region}): nothing was signed"
            raise Failure(Exit.REFUSED, what, then="`polybot test-connection`")
        case "declined":
            raise Failure(
                Exit.REFUSED, "nothing was signed", then="`polybot setup`, or `polybot setup --yes` in a script"
            )
        case "owner_only":
            what = f"{standing.signer} is a session key; only the owner's key sets the wallet up; nothing was signed"
            raise Failure(Exit.REFUSED, what, then="`polybot setup` where the owner's key is configured")
        case "no_credentials" if account:
            what = f"the relayer's key is missing; nothing was signed; {relayer_remedy(account)}"
            raise Failure(Exit.CONFIG, what, then="`polybot config explain your_account`")
    for spender in report.venue.lacking if report.venue else ():
        _tell_lacking(spender)
    if not standing.wallet_is_configured:
        note(f'put it into accounts.yaml: your_account.proxy_wallet: "{standing.wallet}"')
    note("Next: " + ("`polybot setup`" if report.outcome == "dry_run" and report.plan else "`polybot start --live`"))


def _tell_lacking(spender: str) -> None:
    from polybot.polymarket.contracts import contract_name

    if name := contract_name(spender):
        note(f"Polymarket finds no allowance for {name} yet: `polybot setup` again")
        return
    note(
        f"Polymarket finds no allowance for {spender}, which this release does not know. It could take all your pUSD: "
        f"only if Polymarket's own documentation names it, `polybot setup --approve {spender}`"
    )
