"""A caller of the relayer."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from owner import Owner, open_owner

from simulated_venue import Running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def owner(simulator: Running, session: aiohttp.ClientSession) -> Owner:
    """Of a deposit wallet with 100 pUSD and all approvals."""
    return open_owner(simulator, session)
