from collections.abc import Mapping, Sequence

import pytest

from polybot.simulator.rest.data_query import InvalidRequest, activity_query, trades_query

USER = "0x" + "Ab" * 20


def test_activity_defaults() -> None:
    query = activity_query({"user": [USER]})
    assert query.user == USER.lower()
    assert query.limit == 100
    assert not query.ascending
    assert "TRADE" in query.types
    assert not {"TIP", "DEPOSIT"} & query.types


def test_camel_case_names_are_the_same_parameters() -> None:
    query = activity_query({"user": [USER], "sortDirection": ["ASC"], "excludeDepositsWithdrawals": ["false"]})
    assert query.ascending
    assert "DEPOSIT" in query.types


def test_conditions_repeat_or_come_in_one_list() -> None:
    first, second = "0x" + "1" * 64, "0x" + "2" * 62
    query = trades_query({"condition": [f"{first},{second}"], "conditionId": [first]})
    assert query.conditions == {first, second}
    assert query.taker_only


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "user"),
        ({"user": ["0x12"]}, "user"),
        ({"user": [USER], "limit": ["1001"]}, "limit"),
        ({"user": [USER], "limit": ["0"]}, "limit"),
        ({"user": [USER], "offset": ["0"]}, "offset"),
        ({"user": [USER], "type": ["TRADE,GIFT"]}, "type"),
        ({"user": [USER], "side": ["HOLD"]}, "side"),
        ({"user": [USER], "sort_by": ["CASH"]}, "sort_by"),
        ({"user": [USER], "start": ["yesterday"]}, "start"),
        ({"user": [USER], "condition": ["0x12"]}, "condition"),
        ({"user": [USER], "condition": [f"0x{n:064x}" for n in range(21)]}, "condition"),
    ],
)
def test_a_bad_parameter_is_named(query: Mapping[str, Sequence[str]], parameter: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        activity_query(query)
    assert refused.value.parameter == parameter
