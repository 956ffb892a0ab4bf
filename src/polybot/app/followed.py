"""The targets as the bot follows them: every reference resolved to a wallet, with its policy."""

from collections.abc import Sequence
from dataclasses import dataclass

from polybot.config.models import Settings, Target
from polybot.config.policy import policy_for
from polybot.core.ids import Wallet, parse_wallet
from polybot.decision.model import Policy
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.rest.gamma import GammaClient
from polybot.ports.store import TargetRow


@dataclass(frozen=True, slots=True)
class Followed:
    """Not `enabled`: its exits are followed, nothing new is entered."""

    wallet: Wallet
    name: str
    policy: Policy
    enabled: bool = True

    def row(self) -> TargetRow:
        policy = self.policy
        settings = {
            "position_ratio": str(policy.ratio),
            "max_position_usd": str(policy.max_position),
            "min_position_usd": str(policy.min_position),
            "slippage_tolerance": str(policy.slippage),
        }
        return TargetRow(self.wallet, self.name, self.enabled, settings)


class TargetUnknown(RuntimeError):
    """A target's reference leads to no wallet; the text names it and the remedy."""


async def follow_all(targets: Sequence[Target], settings: Settings, gamma: GammaClient) -> list[Followed]:
    """TargetUnknown if one of them cannot be resolved, or two turn out to be one wallet."""
    followed: dict[Wallet, Followed] = {}
    for target in targets:
        wallet = target.address or await wallet_of(target.wallet.user_name or "", gamma)
        if wallet in followed:
            raise TargetUnknown(
                f"targets {followed[wallet].name!r} and {target.name!r} are the same wallet {wallet}; keep one of them"
            )
        followed[wallet] = Followed(wallet, target.name, policy_for(target, settings), target.enabled)
    return list(followed.values())


async def wallet_of(user_name: str, gamma: GammaClient) -> Wallet:
    """The proxy wallet behind a user name, by Polymarket's search; the one exact match, in any letter case."""
    try:
        profiles = await gamma.search_profiles(user_name)
        named = (profile for profile in profiles if (profile.name or "").lower() == user_name.lower())
        wallets = {parse_wallet(profile.proxy_wallet) for profile in named if profile.proxy_wallet}
    except (RequestFailed, ValueError) as failed:
        raise TargetUnknown(
            f"user name {user_name!r} cannot be looked up now ({failed}); give the wallet's address instead"
        ) from None
    if len(wallets) > 1:
        found = ", ".join(sorted(wallets))
        raise TargetUnknown(f"several users are called {user_name!r}: {found}; give the address of the one you mean")
    if not wallets:
        raise TargetUnknown(f"Polymarket knows no user {user_name!r}; check the spelling or give the wallet's address")
    return wallets.pop()
