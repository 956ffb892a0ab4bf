from collections.abc import Iterator

import pytest
from bazaar import Bazaar


@pytest.fixture
def bazaar() -> Iterator[Bazaar]:
    """Whatever the test does, nothing comes from nowhere."""
    made = Bazaar()
    yield made
    assert made.exchange.imbalance() == ""
