"""The official client, unmodified, pointed at a simulator."""

from polymarket import AsyncSecureClient
from polymarket.environments import PRODUCTION, Environment, _create_environment
from dataclasses import replace

from polybot.simulator.options import Endpoints


def environment(urls: Endpoints) -> Environment:
    """Production with other endpoints; its constructor is private, so for tests only."""
    config = replace(
        PRODUCTION._config,
        clob_url=urls.clob,
        clob_market_ws_url=urls.ws_market,
        clob_user_ws_url=urls.ws_user,
        relayer_url=urls.relayer,
        gamma_url=urls.gamma,
        data_url=urls.data,
        rtds_ws_url=urls.ws_activity,
    )
    return _create_environment(name="simulator", config=config)
