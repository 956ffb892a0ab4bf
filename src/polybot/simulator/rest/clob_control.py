"""Scripting the CLOB over `control`: its modes, who may trade, and how often."""

from typing import Literal

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, Wallet
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import Restriction
from polybot.simulator.rest.clob_options import Limiting
from polybot.simulator.rest.limits import IpLimits, SignerLimits, tier_named
from polybot.simulator.rest.modes import Mode, Modes
from polybot.simulator.rest.replies import Answer, body_as, explained, reply


class ModeChange(msgspec.Struct, forbid_unknown_fields=True):
    mode: Literal["normal", "restarting", "post_only", "cancel_only", "disabled", "restart"]
    for_s: float | None = None


class RestrictionChange(msgspec.Struct, forbid_unknown_fields=True):
    """Of a wallet (closed_only, banned) or of a market (not_ready)."""

    restriction: Literal["none", "closed_only", "banned", "not_ready"]
    wallet: str = ""
    condition: str = ""


class TierChange(msgspec.Struct, forbid_unknown_fields=True):
    wallet: str
    tier: str


class LimitsChange(msgspec.Struct, forbid_unknown_fields=True):
    signers: Literal["enforced", "warning", "off"] | None = None
    addresses: bool | None = None


class ClobControl:
    def __init__(self, *, exchange: Exchange, modes: Modes, limits: SignerLimits, ip_limits: IpLimits) -> None:
        self._exchange = exchange
        self._modes = modes
        self._limits = limits
        self._ip_limits = ip_limits

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/modes", explained(self._set_mode)),
            web.post("/restrictions", explained(self._restrict)),
            web.post("/tiers", explained(self._set_tier)),
            web.post("/limits", explained(self._set_limits)),
        ]

    async def _set_mode(self, request: web.Request) -> Answer:
        wanted = await body_as(request, ModeChange)
        if wanted.mode == "restart":
            self._modes.restart()
        else:
            self._modes.set(Mode(wanted.mode), for_s=wanted.for_s)
        return reply({"mode": self._modes.mode, "left_s": self._modes.left_s})

    async def _restrict(self, request: web.Request) -> Answer:
        wanted = await body_as(request, RestrictionChange)
        if bool(wanted.wallet) is bool(wanted.condition):
            raise ValueError("give either wallet or condition")
        if wanted.condition:
            return self._restrict_market(ConditionId(wanted.condition.lower()), wanted.restriction)
        account = self._exchange.accounts.find(Wallet(wanted.wallet.lower()))
        if account is None:
            raise LookupError(f"wallet {wanted.wallet!r} has no account: POST /accounts opens one")
        account.restriction = Restriction(wanted.restriction)
        return reply({"wallet": account.wallet, "restriction": account.restriction})

    def _restrict_market(self, condition: ConditionId, restriction: str) -> Answer:
        if self._exchange.market(condition) is None:
            raise LookupError(f"condition {condition!r} is no market: GET gamma /markets lists them")
        if restriction not in {"none", "not_ready"}:
            raise ValueError(f"restriction {restriction!r} is for wallets; a market can be not_ready or none")
        self._exchange.set_accepting(condition, accepting=restriction == "none")
        return reply({"condition": condition, "restriction": restriction})

    async def _set_tier(self, request: web.Request) -> Answer:
        wanted = await body_as(request, TierChange)
        account = self._exchange.accounts.find(Wallet(wanted.wallet.lower()))
        signer = account.owner if account else Wallet(wanted.wallet.lower())
        self._limits.set_tier(signer, tier_named(wanted.tier))
        return reply({"signer": signer, "tier": wanted.tier})

    async def _set_limits(self, request: web.Request) -> Answer:
        """What is left out stays."""
        wanted = await body_as(request, LimitsChange)
        if wanted.signers is not None:
            self._limits.limiting = Limiting(wanted.signers)
        if wanted.addresses is not None:
            self._ip_limits.enforced = wanted.addresses
        return reply({"signers": self._limits.limiting, "addresses": self._ip_limits.enforced})
