"""A still venue and one account that calls its CLOB."""

from collections.abc import AsyncIterator

import pytest
from clob_venue import Venue, open_venue

from caller import Caller


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    async with open_venue() as opened:
        yield opened


@pytest.fixture
async def caller(venue: Venue) -> Caller:
    return await venue.caller()
