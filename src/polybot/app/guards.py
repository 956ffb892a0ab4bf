"""The guards of a live account: region, clock, the venue's own restrictions, and the wallet's approvals."""

import structlog

from polybot.app.services import Services
from polybot.core.orders import SignatureType
from polybot.core.trading import TradingMode
from polybot.polymarket.contracts import contract_name
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.rest.account import ClobAccount
from polybot.safety.guards import Guard
from polybot.utils.clock import Clock

log = structlog.get_logger(__name__)

_SKEW_LIMIT_S = 20
"""Requests are signed with our time; the tolerance is not documented, 60 s is assumed."""


def region_guard(services: Services) -> Guard:
    """No position is opened where Polymarket restricts trading, or while that is not known."""

    async def probe() -> str | None:
        try:
            answer = await services.geoblock()
        except (RequestFailed, UnexpectedShape) as failed:
            return f"the region check does not answer ({failed})"
        if answer.blocked:
            return f"Polymarket restricts trading in {answer.country} {answer.region}".rstrip()
        return None

    return Guard("region", TradingMode.EXITS_ONLY, 60.0, probe)


def clock_guard(services: Services, clock: Clock) -> Guard:
    async def probe() -> str | None:
        before_s = clock.now_ns() / 1e9
        try:
            server_s = await services.clob.server_time_s()
        except (RequestFailed, UnexpectedShape) as failed:
            return f"the venue's clock cannot be read ({failed})"
        after_s = clock.now_ns() / 1e9
        # The venue read its clock, in whole seconds, at some moment between the two.
        skew_s = max(before_s - server_s - 1, server_s - after_s, 0.0)
        return f"our clock is {skew_s:.0f} s off the venue's; synchronise it (NTP)" if skew_s > _SKEW_LIMIT_S else None

    return Guard("clock", TradingMode.EXITS_ONLY, 60.0, probe)


def account_guard(account: ClobAccount) -> Guard:
    async def probe() -> str | None:
        try:
            closed_only = await account.closed_only()
        except (RequestFailed, UnexpectedShape) as failed:
            return f"the account's standing cannot be read ({failed})"
        return "Polymarket lets this account only close positions" if closed_only else None

    return Guard("account", TradingMode.EXITS_ONLY, 300.0, probe)


def approval_guard(account: ClobAccount, signature_type: SignatureType) -> Guard:
    """A wallet that approved no exchange at all cannot buy; one that lacks a single approval may not need it: that is
    only told."""
    told: set[str] = set()

    async def probe() -> str | None:
        try:
            # The venue answers from a cache until told to look again.
            await account.refresh_collateral(signature_type)
            collateral = await account.collateral(signature_type)
        except (RequestFailed, UnexpectedShape) as failed:
            return f"the wallet's approvals cannot be read ({failed})"
        lacking = {spender for spender, amount in collateral.allowances.items() if not amount.strip("0")}
        if lacking and len(lacking) == len(collateral.allowances):
            return (
                "no exchange may spend this wallet's pUSD; type `polybot setup`, which shows and grants what is missing"
            )
        if news := lacking - told:
            names = sorted(contract_name(spender) or spender for spender in news)
            log.warning("approvals.missing", spenders=names, remedy="`polybot setup` shows and grants what is missing")
        told.update(lacking)
        return None

    return Guard("approvals", TradingMode.EXITS_ONLY, 300.0, probe)
