"""A script is read strictly, and whoever wrote it is told what is wrong with it."""

import re
from pathlib import Path

import pytest

from polybot.simulator.faults.engine import script_of
from polybot.simulator.faults.kinds import Delay
from polybot.simulator.faults.script import KINDS, ScriptRefused, parse_script, read_script

GOOD = """\
# the answer to every tenth order is lost
- fault: lose_answer
  scope: {service: clob, method: POST, path: /order*}
  probability: 0.1
  after_s: 60
  for_s: 600
  count: 5
- fault: delay
  seconds: 2
"""


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(GOOD)
    lost, late = read_script(file)
    assert (lost.fault, lost.probability, lost.count, lost.scope.service) == ("lose_answer", 0.1, 5, ("clob",))
    assert isinstance(late, Delay)
    assert late.seconds == 2
    assert (
        parse_script('[{"fault": "delay", "seconds": 2}]') == parse_script('{"fault": "delay", "seconds": 2}') == [late]
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- fault: delay\n  second: 1\n", "2: [0].second (is '1'): is not a known field. Did you mean 'seconds'?"),
        ("- fault: delay\n", "1: [0].seconds: Field required"),
        ("- fault: dealy\n  seconds: 1\n", "1: [0]: 'dealy' is not a known fault. Did you mean 'delay'?"),
        ("- seconds: 1\n", "1: [0]: does not say which fault. Give `fault: <kind>`, one of lose_request"),
        ("- fault: drop\n  probability: 2\n", "2: [0].probability (is '2'): must be less than or equal to 1"),
        ("- fault: drop\n  scope: {servce: clob}\n", "2: [0].scope.servce (is 'clob'): is not a known field."),
        ("- fault: drop\n  scope: {service: clbo}\n", "'clbo' is not one of clob, data"),
        ("- fault: drop\n  hits: [1]\n  count: 2\n", "hits says exactly what is struck"),
        (
            "- fault: refuse\n  error: band\n",
            "2: [0].error (is 'band'): is no documented error. Did you mean 'banned'?",
        ),
        ("- fault: refuse\n", "give either error (the name of a documented one) or status"),
        ("- fault: tick_change\n  tick: 0.3\n  scope: {token: 1}\n", "must be one of 0.0001, 0.001"),
        ("- fault: tick_change\n  tick: 0.1\n", "scope must name the market by condition or token"),
        ("- fault: banned\n", "scope.wallet must name the account's wallet"),
        ("- {fault: drop\n", "expected ',' or '}'"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    with pytest.raises(ScriptRefused) as refused:
        parse_script(text, name="faults.yaml")
    assert str(refused.value).startswith("faults.yaml:")
    assert told in str(refused.value)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ScriptRefused) as refused:
        parse_script("- fault: drop\n  x: 1\n- fault: delay\n- fault: nothing\n")
    assert len(str(refused.value).splitlines()) == 3


def test_a_fault_can_be_written_down_again() -> None:
    for fault in parse_script(GOOD):
        assert parse_script(str(script_of(fault)).replace("'", '"').replace("(", "[").replace(",)", "]")) == [fault]


def test_the_documentation_shows_a_script_that_can_be_read() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "simulator.md").read_text()
    (script,) = re.findall(r"```yaml\n(- fault.*?)```", text, re.DOTALL)
    assert [fault.fault for fault in parse_script(script)][:2] == ["lose_answer", "refuse"]
    assert all(f"`{kind}`" in text for kind in KINDS)


def test_every_kind_the_venue_needs_is_known() -> None:
    assert len(KINDS) == len(set(KINDS)) > 40
