"""Whatever a socket delivers, reading it never raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socket_service import Meters

from polybot.core.ids import Wallet
from polybot.polymarket.streams.activity import ActivityStream
from polybot.polymarket.streams.frames import EventDecoder
from polybot.polymarket.streams.market import WireEvent
from polybot.polymarket.streams.socket import Frame
from polybot.polymarket.streams.user import user_decoder
from polybot.utils.clock import ManualClock

WALLET = Wallet("0x" + "ab" * 20)
WORDS = st.sampled_from(
    "event_type book trade order price_change type TRADE payload proxyWallet timestamp activity topic trades size price"
    f" side BUY NaN 1e999999999 {WALLET}".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=12,
)
NESTED = "[" * 100_000


def read_everywhere(text: str) -> None:
    meters = Meters()
    EventDecoder[object](WireEvent, stream="market", telemetry=meters).decode(text)
    user_decoder(meters).decode(text)
    activity = ActivityStream("ws://unused", wallets=[WALLET], clock=ManualClock(), telemetry=meters)
    activity._fill(Frame(text, 1, 1))


@given(st.text())
def test_any_text(text: str) -> None:
    read_everywhere(text)


@given(VALUES)
def test_any_json(value: object) -> None:
    read_everywhere(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [NESTED, '{"event_type":' + NESTED, '{"x":' + NESTED, '{"payload":{"x":' + NESTED, '{"timestamp":1' + "0" * 5000],
)
def test_absurd_nesting_and_numbers(text: str) -> None:
    read_everywhere(text)
