"""The campaign knows every fault, and a few minutes of the worst do the books no harm."""

import json

import pytest
from cases import CASES
from hour import one

from polybot.simulator.faults.script import KINDS, parse_script


def test_every_kind_of_fault_has_its_hour() -> None:
    assert {fault["fault"] for script in CASES.values() for fault in script} == set(KINDS)


@pytest.mark.parametrize("case", list(CASES))
def test_every_script_is_one(case: str) -> None:
    text = json.dumps(CASES[case]).replace("WALLET", "0x" + "11" * 20).replace("CONDITION", "0x" + "22" * 32)
    assert len(parse_script(text)) == len(CASES[case])


@pytest.mark.parametrize("case", ["lose_answer of orders", "abrupt_close", "retry"])
async def test_a_few_minutes_of_it_leave_the_books_right(case: str) -> None:
    row = await one(case, speed=40.0, seed=3, seconds=6.0)
    assert (row.verdict, row.orders > 0, row.strikes > 0) == ("survived", True, True), row
