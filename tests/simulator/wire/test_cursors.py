import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.simulator.rest.cursors import BoardCursor, CursorParams, FeedCursor, PositionsCursor, seal, unseal

SECRET = b"seed"
FEED = FeedCursor(l=2, ts=1_789_380_859, sq="937838840004503430", d=2)
TEXTS = st.text(max_size=8)


def opened(cursor: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


@given(st.builds(FeedCursor, l=st.integers(1, 1000), ts=st.integers(0, 2**40), sq=TEXTS, d=st.sampled_from([1, 2])))
def test_a_cursor_gives_back_what_was_sealed(params: FeedCursor) -> None:
    assert unseal(seal("activity", params, secret=SECRET), FeedCursor, kind="activity", secret=SECRET) == params


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABC012_-=.é", max_size=60))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(noise, FeedCursor, kind="activity", secret=SECRET)


@given(st.data())
def test_whatever_is_changed_is_noticed(data: st.DataObject) -> None:
    cursor = seal("activity", FEED, secret=SECRET)
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123_-").filter(lambda letter: letter != cursor[place]))
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(cursor[:place] + letter + cursor[place + 1 :], FeedCursor, kind="activity", secret=SECRET)


def test_another_feeds_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(seal("trades", FEED, secret=SECRET), FeedCursor, kind="activity", secret=SECRET)


def test_a_forged_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid cursor"):
        unseal(seal("activity", FEED, secret=b"mine"), FeedCursor, kind="activity", secret=SECRET)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("activity_user_limit2", FeedCursor),
        ("trades_bare_limit2", FeedCursor),
        ("positions_open_limit2", PositionsCursor),
        ("positions_closed_limit2", PositionsCursor),
        ("holders", BoardCursor),
    ],
)
def test_cursors_have_the_recorded_form(shared: Path, name: str, shape: type[CursorParams]) -> None:
    page = json.loads((shared / "samples/data-api.polymarket.com/v2" / f"{name}.json").read_text())
    recorded = opened(page["pagination"]["next_cursor"])
    params = shape(**recorded["data"]["params"])
    ours = opened(seal(recorded["data"]["type"], params, secret=SECRET))
    assert list(ours) == list(recorded)
    assert json.dumps(ours["data"]) == json.dumps(recorded["data"])
    assert len(ours["sig"]) == len(recorded["sig"])
