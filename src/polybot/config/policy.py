"""From what a person configured to what the decision needs."""

from polybot.config.models import Settings, Target
from polybot.decision.model import Policy, WhenTooFar


def policy_for(target: Target, settings: Settings) -> Policy:
    """How `target` is copied under `settings`."""
    execution, safety = settings.execution, settings.safety
    return Policy(
        ratio=target.position_ratio,
        max_position=target.max_position_usd,
        min_position=target.min_position_usd,
        slippage=target.slippage_tolerance,
        exit_slippage=execution.exit_slippage_tolerance,
        when_too_far=WhenTooFar(execution.when_slippage_exceeded),
        passive_ttl_s=execution.passive_ttl_s,
        balance_buffer=execution.balance_buffer,
        max_book_age_ms=execution.max_book_age_ms,
        max_signal_age_s=execution.max_signal_age_s,
        require_depth=safety.require_liquidity_check,
        min_depth=safety.min_book_depth_usd,
        max_open_positions=safety.max_open_positions,
        copy_before_start=execution.copy_before_start,
    )
