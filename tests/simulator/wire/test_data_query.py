from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from polybot.polymarket.contracts import PUSD
from polybot.simulator.rest.data_query import Firewalled, InvalidRequest, Params, activity_query, trades_query

USER = "0x" + "Ab" * 20
NOW_S = 1_795_000_000  # 2026-11-18
YEAR_S = 365 * 86_400


def test_activity_defaults() -> None:
    query = activity_query(Params({"user": [USER]}), now_s=NOW_S)
    assert query.user == USER.lower()
    assert query.limit == 100
    assert not query.ascending
    assert "TRADE" in query.types
    assert not {"TIP", "DEPOSIT"} & query.types
    assert (query.start_s, query.end_s) == (NOW_S - 3 * YEAR_S, NOW_S + 86_400)


def test_camel_case_names_are_the_same_parameters() -> None:
    given = {"user": [USER], "sortDirection": ["ASC"], "excludeDepositsWithdrawals": ["false"]}
    query = activity_query(Params(given), now_s=NOW_S)
    assert query.ascending
    assert "DEPOSIT" in query.types


def test_deposits_are_dropped_even_when_named() -> None:
    query = activity_query(Params({"user": [USER], "type": ["DEPOSIT,TRADE"]}), now_s=NOW_S)
    assert query.types == {"TRADE"}


def test_conditions_repeat_or_come_in_one_list() -> None:
    first, second = "0x" + "1" * 64, "0x" + "2" * 62
    query = trades_query(Params({"condition": [f"{first},{second}"], "conditionId": [first]}), now_s=NOW_S)
    assert query.conditions == {first, second}
    assert query.taker_only


def test_a_window_of_trades_counts_with_a_user_only() -> None:
    window = {"start": ["5"], "end": ["6"]}
    mine = trades_query(Params({"user": [USER], **window}), now_s=NOW_S)
    assert (mine.start_s, mine.end_s) == (5, 6)
    market = trades_query(Params({"condition": ["0x" + "1" * 64], **window}), now_s=NOW_S)
    assert (market.start_s, market.end_s) == (NOW_S - 3 * YEAR_S, NOW_S + 86_400)
    bare = trades_query(Params(window), now_s=NOW_S)
    assert (bare.start_s, bare.end_s) == (1_790_812_800, NOW_S + 86_400)  # from the first of October


@pytest.mark.parametrize(("given", "least"), [("", "0.01"), ("0", "0.01"), ("0.000001", "0.000001"), ("7", "7")])
def test_the_smallest_fill_shown(given: str, least: str) -> None:
    query = trades_query(Params({"filter_amount": [given]} if given else {}), now_s=NOW_S)
    assert query.least == Decimal(least)


def test_several_users_are_nobody() -> None:
    assert trades_query(Params({"user": [f"{USER},{USER}"]}), now_s=NOW_S).nobody


def test_the_firewall_stops_sales_in_ten_markets() -> None:
    conditions = ",".join(f"0x{n:064x}" for n in range(10))
    with pytest.raises(Firewalled):
        trades_query(Params({"side": ["SELL"], "condition": [conditions]}), now_s=NOW_S)
    assert trades_query(Params({"side": ["BUY"], "condition": [conditions]}), now_s=NOW_S).side == "BUY"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "user"),
        ({"user": ["0x12"]}, "user"),
        ({"user": [f"{USER},{USER}"]}, "user"),
        ({"user": [PUSD]}, "user"),
        ({"user": [USER], "limit": ["1001"]}, "limit"),
        ({"user": [USER], "limit": ["0"]}, "limit"),
        ({"user": [USER], "offset": ["0"]}, ""),
        ({"user": [USER], "type": ["TRADE,GIFT"]}, "type"),
        ({"user": [USER], "side": ["HOLD"]}, "side"),
        ({"user": [USER], "sort_by": ["CASH"]}, "sort_by"),
        ({"user": [USER], "sort_direction": ["UP"]}, "sort_direction"),
        ({"user": [USER], "start": ["yesterday"]}, "start"),
        ({"user": [USER], "condition": ["0x12"]}, "condition"),
        ({"user": [USER], "condition": [f"0x{n:064x}" for n in range(21)]}, "condition"),
        ({"user": [USER], "event_id": [",".join(map(str, range(1, 22)))]}, "event_id"),
        ({"user": [USER], "event_id": ["0"]}, "event_id"),
        ({"user": [USER], "event_id": ["1"], "condition": ["0x" + "1" * 64]}, "event_id"),
        ({"user": [USER], "exclude_deposits_withdrawals": ["perhaps"]}, "exclude_deposits_withdrawals"),
    ],
)
def test_a_bad_parameter_is_named(query: Mapping[str, Sequence[str]], parameter: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        activity_query(Params(query), now_s=NOW_S)
    assert refused.value.parameter == parameter
