"""Turns what a person typed for a trader into the wallet to follow."""

from dataclasses import dataclass

from polybot.app.followed import TargetUnknown, wallet_of
from polybot.app.services import Services
from polybot.config.loader import LoadedConfig
from polybot.config.targets import parse_target_ref
from polybot.core.ids import Wallet, parse_wallet
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import SystemClock


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """`note` is for the person: why the wallet differs from what was typed, or "". `name` as Polymarket shows it."""

    wallet: Wallet
    name: str
    note: str


async def resolve_target(config: LoadedConfig, text: str) -> ResolvedTarget:
    """An address, a profile URL or a user name. ValueError for none of these, TargetUnknown if nobody is found."""
    ref = parse_target_ref(text)
    async with Services(config.settings, clock=SystemClock(), telemetry=NoTelemetry()) as services:
        if ref.address is None:
            return ResolvedTarget(await wallet_of(ref.user_name or "", services.gamma), ref.user_name or "", "")
        try:
            profile = await services.gamma.profile(ref.address)
        except (RequestFailed, UnexpectedShape) as failed:
            raise TargetUnknown(f"the profile of {ref.address} cannot be read now: {failed}") from None
    if profile is None or not profile.proxy_wallet:
        return ResolvedTarget(ref.address, "", "Polymarket shows no profile for this address; check it")
    wallet = parse_wallet(profile.proxy_wallet)
    note = "" if wallet == ref.address else f"{ref.address} only signs; it trades in {wallet}, which is followed"
    return ResolvedTarget(wallet, profile.name or "", note)
