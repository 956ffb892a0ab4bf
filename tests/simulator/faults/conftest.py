from collections.abc import AsyncIterator

import pytest
from faulty import Faulty, faulty

from simulated_venue import Running


@pytest.fixture
async def venue(simulator: Running) -> AsyncIterator[Faulty]:
    async with faulty(simulator) as opened:
        yield opened
