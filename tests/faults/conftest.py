"""The scene of every fault."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from scene import Scene, scene


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as opened:
        yield opened
