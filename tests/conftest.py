"""Fixtures every suite may use."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Recorded data and vectors that live beside the checkout; absent on a user's machine."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the recorded data in {folder}, which is not on this machine")
    return folder
