import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import DecisionId, FillKey, TokenId, Wallet, decision_id, fill_key, intent_id, intent_salt
from polybot.core.ids import parse_wallet as parse
from polybot.core.money import Shares

WALLET = Wallet("0x" + "ab" * 20)


def key(tx: str = "0xaa", wallet: Wallet = WALLET, shares: int = 5, occurrence: int = 0) -> FillKey:
    token = TokenId("1")
    return fill_key(tx=tx, wallet=wallet, token=token, side="BUY", shares=Shares(shares), occurrence=occurrence)


def test_the_same_facts_give_the_same_key_in_any_letter_case_of_the_hash() -> None:
    assert key(tx="0xAB") == key(tx="0xab")


def test_byte_identical_rows_of_one_transaction_are_two_fills() -> None:
    assert key(occurrence=0) != key(occurrence=1)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_parts_cannot_run_into_each_other(a: str, b: str, c: str, d: str) -> None:
    same = decision_id(FillKey(a), FillKey(b)) == decision_id(FillKey(c), FillKey(d))
    assert same == ((a, b) == (c, d))


def test_ids_of_different_kinds_differ_for_equal_facts() -> None:
    decision = decision_id(FillKey("x"), FillKey(WALLET), FillKey("0"))
    assert str(decision) != str(intent_id(DecisionId("x"), account=WALLET, leg=0))


def test_legs_of_a_decision_have_their_own_intents_and_salts() -> None:
    legs = [intent_id(DecisionId("d"), account=WALLET, leg=leg) for leg in range(100)]
    assert len(set(legs)) == len({intent_salt(leg) for leg in legs}) == 100


@given(st.text())
def test_a_salt_survives_a_json_number_of_double_precision(decision: str) -> None:
    salt = intent_salt(intent_id(DecisionId(decision), account=WALLET, leg=0))
    assert 0 <= salt < 2**53
    assert int(float(json.dumps(salt))) == salt


def test_addresses_are_kept_in_lower_case() -> None:
    assert parse("0x" + "AB" * 20) == WALLET


@pytest.mark.parametrize("text", ["", "0x12", "ab" * 20, "0x" + "g" * 40, "0x" + "a" * 41])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="40 hex digits"):
        parse(text)
