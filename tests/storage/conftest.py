"""Every implementation of the Store port runs through the same contract tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from polybot.storage.store import SqlStore, open_store


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/polybot.db"


@pytest_asyncio.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, file_url: str) -> AsyncIterator[SqlStore]:
    opened = await open_store("sqlite://" if request.param == "memory" else file_url)
    yield opened
    await opened.close()
