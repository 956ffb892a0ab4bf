"""Turns what a person typed for a trader into the wallet to follow."""

import asyncio
from dataclasses import dataclass

from polybot.app.followed import wallet_of
from polybot.app.services import Services
from polybot.config.loader import LoadedConfig
from polybot.config.targets import parse_target_ref
from polybot.core.ids import Wallet, parse_wallet
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import SystemClock

_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """`note` is for the person: why the wallet differs from what was typed, or "". `name` as Polymarket shows it."""

    wallet: Wallet
    name: str
    note: str


async def resolve_target(config: LoadedConfig, text: str) -> ResolvedTarget:
    """An address, a profile URL or a user name. ValueError for none of these, TargetUnknown if nobody has that name.

    An address is taken as it is, with a note, if Polymarket cannot be asked about it within seconds.
    """
    ref = parse_target_ref(text)
    async with Services(config.settings, clock=SystemClock(), telemetry=NoTelemetry()) as services:
        if ref.address is None:
            return ResolvedTarget(await wallet_of(ref.user_name or "", services.gamma), ref.user_name or "", "")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                profile = await services.gamma.profile(ref.address)
        except (RequestFailed, UnexpectedShape, TimeoutError):
            return ResolvedTarget(ref.address, "", f"{ref.address} is taken as it is: Polymarket cannot be asked now")
    if profile is None or not profile.proxy_wallet:
        return ResolvedTarget(ref.address, "", f"Polymarket shows no profile for {ref.address}; check it")
    wallet = parse_wallet(profile.proxy_wallet)
    note = "" if wallet == ref.address else f"{ref.address} only signs; it trades in {wallet}, which is followed"
    return ResolvedTarget(wallet, profile.name or "", note)
