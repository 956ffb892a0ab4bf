"""Commands typed in these tests reach no service, and their tables are not folded."""

import pytest


@pytest.fixture(autouse=True)
def alone_and_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYBOT__ENDPOINTS__GAMMA", "http://127.0.0.1:9")
    monkeypatch.setenv("COLUMNS", "200")
