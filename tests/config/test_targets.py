"""The ways to name a trader."""

import pytest

from polybot.config.targets import parse_target_ref

ADDRESS = "0x" + "aB" * 20


@pytest.mark.parametrize(
    "text",
    [
        ADDRESS,
        f" 0x{ADDRESS[2:].upper()} ",
        f"https://polymarket.com/profile/{ADDRESS}",
        f"polymarket.com/profile/{ADDRESS}",
    ],
)
def test_an_address_is_known_at_once(text: str) -> None:
    ref = parse_target_ref(text)
    assert (ref.address, ref.user_name) == (ADDRESS.lower(), None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bob", "bob"),
        ("@bob", "bob"),
        ("https://polymarket.com/@bob?tab=activity", "bob"),
        ("https://www.polymarket.com/profile/bob", "bob"),
        (f"https://polymarket.com/@{ADDRESS}-1752325984823", f"{ADDRESS}-1752325984823"),
    ],
)
def test_a_user_name_is_left_to_be_looked_up(text: str, name: str) -> None:
    ref = parse_target_ref(text)
    assert (ref.address, ref.user_name) == (None, name)


@pytest.mark.parametrize("text", ["", "0x12", "https://example.org/@bob", "https://polymarket.com/event/x", "a b"])
def test_anything_else_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|page|names no trader"):
        parse_target_ref(text)
