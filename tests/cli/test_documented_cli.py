"""The document says what the program does, and showing is exact."""

from pathlib import Path

import pytest
from typer.main import get_command

from polybot.cli import formats
from polybot.cli.exits import Exit
from polybot.cli.main import app
from polybot.cli.plain import plain
from polybot.core.money import Shares, Usdc
from polybot.core.orders import TimeInForce

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs/cli.md").read_text()


def command_names() -> list[str]:
    return sorted(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", command_names())
def test_the_document_lists_every_command(name: str) -> None:
    assert f"| `{name}" in DOCUMENT


@pytest.mark.parametrize("code", Exit)
def test_the_document_lists_every_exit_code(code: Exit) -> None:
    assert f"| {code.value} | {code.name.lower()} |" in DOCUMENT


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234567.895", "1,234,567.90"),
        ("-0.004", "0.00"),
        ("-0.005", "-0.01"),
        ("0", "0.00"),
        ("12", "12.00"),
    ],
)
def test_money_is_shown_in_cents(amount: str, text: str) -> None:
    assert formats.usd(Usdc.parse(amount)) == text


def test_gains_carry_their_sign() -> None:
    assert [formats.signed_usd(Usdc.parse(text)) for text in ("1", "-1", "0", "0.001")] == [
        "+1.00",
        "-1.00",
        "0.00",
        "0.00",
    ]


@pytest.mark.parametrize(("quantity", "text"), [("1234.567", "1,234.56"), ("0.000001", "0.000001"), ("20", "20")])
def test_small_quantities_keep_their_digits(quantity: str, text: str) -> None:
    assert formats.shares(Shares.parse(quantity)) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59, "59 s"), (3_700, "1 h 1 min"), (90_061, "1 d 1 h")])
def test_spans_have_two_units(seconds: int, text: str) -> None:
    assert formats.span(seconds * 1_000_000_000) == text


def test_rows_become_plain_values() -> None:
    row = {
        "a": Usdc.parse("0.1"),
        "b": (TimeInForce.FAK,),
        "seen_ns": 1_500_000_000,
        "wire": b"signed",
        "ended_ns": None,
    }
    assert plain(row) == {"a": "0.1", "b": ["FAK"], "seen_at": "1970-01-01T00:00:01.500000Z", "ended_at": None}


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())
