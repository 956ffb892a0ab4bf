import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.simulator.rest.cursors import seal, unseal

SECRET = b"seed"


@given(st.dictionaries(st.sampled_from(["l", "ts", "sq", "d"]), st.integers(0, 2**53)))
def test_a_cursor_gives_back_what_was_sealed(params: dict[str, object]) -> None:
    assert unseal(seal("activity", params, secret=SECRET), kind="activity", secret=SECRET) == params


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABC012_-=.é", max_size=60))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(noise, kind="activity", secret=SECRET)


def test_another_feeds_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(seal("trades", {"l": 2}, secret=SECRET), kind="activity", secret=SECRET)


def test_a_forged_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(seal("activity", {"l": 2}, secret=b"mine"), kind="activity", secret=SECRET)
