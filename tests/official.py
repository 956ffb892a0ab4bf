"""The official clients, unmodified but for their endpoints and how often they look at a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from polymarket.auth import ApiKey
from polymarket.environments import PRODUCTION, Environment, _create_environment

from polybot.simulator.desk import OpenedAccount
from polybot.simulator.options import Endpoints
from polymarket import AsyncSecureClient


def environment(urls: Endpoints) -> Environment:
    """Production with other endpoints. Its constructor is private, so this is for tests only."""
    config = replace(
        PRODUCTION._config,
        clob_url=urls.clob,
        clob_market_ws_url=urls.ws_market,
        clob_user_ws_url=urls.ws_user,
        relayer_url=urls.relayer,
        gamma_url=urls.gamma,
        data_url=urls.data,
        rtds_ws_url=urls.ws_activity,
        rpc_url=urls.rpc,
        relayer_poll_frequency_ms=20,
    )
    return _create_environment(name="simulator", config=config)


async def client_for(urls: Endpoints, account: OpenedAccount) -> AsyncSecureClient:
    return await AsyncSecureClient.create(
        private_key=account.private_key, wallet=account.wallet, environment=environment(urls)
    )


@asynccontextmanager
async def connected(
    urls: Endpoints, private_key: str, *, wallet: str | None, api_key: ApiKey | None = None
) -> AsyncIterator[AsyncSecureClient]:
    """Closed at the end; without a wallet it finds its own."""
    client = await AsyncSecureClient.create(
        private_key=private_key, wallet=wallet, environment=environment(urls), api_key=api_key
    )
    try:
        yield client
    finally:
        await client.close()
