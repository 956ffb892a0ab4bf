"""A running simulator for every test that asks."""

from collections.abc import AsyncIterator

import pytest

from simulated_venue import Running, running_simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Running]:
    async with running_simulator() as running:
        yield running
