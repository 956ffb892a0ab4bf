"""Commands typed in these tests reach no service."""

import pytest


@pytest.fixture(autouse=True)
def no_gamma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYBOT__ENDPOINTS__GAMMA", "http://127.0.0.1:9")
