"""What `polybot setup` shows a person: the account, the plan, the result."""

import json
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.text import Text

from polybot.accounts.wallet_setup import words
from polybot.app.session_keys import SessionKeyReport
from polybot.app.wallet_setup import PlannedStep, SetupReport, Standing, VenueView
from polybot.cli.formats import at, usd
from polybot.cli.output import width
from polybot.cli.tables import pairs, table
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import contract_name


def before(report: SetupReport) -> None:
    """On stdout, before the question."""
    Console(width=width()).print(Group(_standing(report.standing), *_plan(report)))


def after(report: SetupReport) -> RenderableType:
    if report.venue is None:
        return Text("nothing was signed")
    rows = [(words(done.step), ", ".join(done.tx) or done.trouble or "was done already") for done in report.done]
    return Group(table("Done", ("step", "transaction"), rows), pairs("Polymarket says", _venue(report.venue)))


def _standing(standing: Standing) -> RenderableType:
    kind = SignatureType(standing.signature_type).name
    role = "session key of" if standing.session_key else "key of"
    entries = {
        "signs": f"{standing.signer} ({role} the wallet)",
        "wallet": f"{standing.wallet} ({kind}, signature_type {standing.signature_type})",
        "on chain": "yes" if standing.deployed else "not yet",
        "pUSD": usd(standing.pusd),
        "USDC.e": usd(standing.usdc_e)
        + (" (does not trade; --wrap turns it into pUSD)" if standing.usdc_e.micro else ""),
        "POL for gas": standing.pol if standing.signature_type == SignatureType.EOA else "not needed",
        "approvals to trade": _count(standing.missing_to_trade),
        "approvals to close without a trade": _count(standing.missing_to_close),
        "region": f"{standing.region}, trading {'RESTRICTED' if standing.restricted else 'allowed'}",
    }
    if not standing.wallet_is_configured:
        entries["mind"] = "accounts.yaml names no proxy_wallet; this one is derived from the key"
    return pairs("Account", entries)


def _count(missing: tuple[str, ...]) -> str:
    return f"{len(missing)} missing" if missing else "all granted"


def _plan(report: SetupReport) -> Iterator[RenderableType]:
    if not report.plan:
        yield Text("\nNothing needs to be signed on chain.")
        return
    yield Text("\nWhat would be signed, in this order:", style="bold")
    for number, step in enumerate(report.plan, start=1):
        yield from _step(number, step)
    yield Text(
        "\nThen Polymarket is asked to look at the wallet again: a sign-in message (ClobAuth) that moves nothing."
    )


def _step(number: int, step: PlannedStep) -> Iterator[RenderableType]:
    yield Text(f"\n{number}. {step.words}")
    for call in step.calls:
        if call["words"] != step.words:
            yield Text(f"   - {call['words']}")
        yield Text(f"     call of {call['contract']}\n     {call['target']}")
    for payload in step.payloads:
        yield Text(json.dumps(payload, indent=2), overflow="fold")


def _venue(venue: VenueView) -> dict[str, str]:
    lacking = [f"{spender} ({contract_name(spender) or 'unknown to this release'})" for spender in venue.lacking]
    return {
        "cash": f"{usd(venue.cash)} pUSD",
        "allowances": "all there" if not lacking else "NONE for " + ", ".join(lacking),
        "standing": "may only close positions" if venue.closed_only else "may trade",
    }


def session_keys(report: SessionKeyReport) -> RenderableType:
    rows = [(key.address, ", ".join(key.scopes), at(key.valid_until * 1_000_000_000)) for key in report.keys]
    return table(f"Session keys of {report.wallet}", ("key", "may", "until (UTC)"), rows)
