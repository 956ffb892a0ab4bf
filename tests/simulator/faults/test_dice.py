"""Each fault has dice of its own, and strikes only what lies in its scope and window."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.kinds import FrameFault
from polybot.simulator.faults.script import parse_script
from polybot.simulator.faults.subject import Subject

_S = 1_000_000_000
FRAME = Subject("market", event="book", text="0xabc")


def strikes(
    script: str, *, seed: int = 7, frames: int = 200, before: Callable[[Faults], None] = lambda _: None
) -> list[int]:
    """Ordinals of the strikes of the script's last fault, one frame a second."""
    agenda = Agenda(now_ns=0)
    faults = Faults(agenda, seed=seed)
    armed = faults.arm(parse_script(script))
    before(faults)
    for number in range(frames):
        agenda.run_until(number * _S)
        faults.meet(FrameFault, FRAME)
    return [strike.ordinal for strike in faults.strikes if strike.fault == armed[-1].number]


def test_the_same_seed_strikes_the_same() -> None:
    script = "- {fault: drop, probability: 0.2}"
    assert strikes(script) == strikes(script) != strikes(script, seed=8)
    assert 20 < len(strikes(script)) < 60


def test_another_fault_changes_nothing() -> None:
    alone = strikes("- {fault: drop, probability: 0.2}")
    other = "- {fault: drop, probability: 0.2}\n- {fault: gap, probability: 0.5}\n"
    agenda = Agenda(now_ns=0)
    faults = Faults(agenda, seed=7)
    first, _ = faults.arm(parse_script(other))
    for _ in range(200):
        faults.meet(FrameFault, FRAME)
    assert [strike.ordinal for strike in faults.strikes if strike.fault == first.number] == alone


def test_skip_and_count() -> None:
    assert strikes("- {fault: drop, skip: 3, count: 2}") == [4, 5]


def test_a_window_opens_and_closes() -> None:
    assert strikes("- {fault: drop, after_s: 10, for_s: 5}") == [1, 2, 3, 4, 5]
    assert len(strikes("- {fault: drop, after_s: 190}")) == 10


def test_what_lies_outside_the_scope_is_no_opportunity() -> None:
    for scope in ("{service: user}", "{event: price*}", '{wallet: "0xdef"}', "{method: GET}"):
        assert not strikes(f"- {{fault: drop, scope: {scope}}}")
    for scope in ("{service: [user, market]}", "{event: b*}", '{wallet: "0xABC"}'):
        assert len(strikes(f"- {{fault: drop, scope: {scope}}}")) == 200


def test_what_is_cleared_strikes_no_more() -> None:
    assert not strikes("- {fault: drop}", before=Faults.clear)


@given(seed=st.integers(0, 1000), chance=st.floats(0.01, 0.99))
def test_the_ordinals_of_a_run_repeat_it(seed: int, chance: float) -> None:
    happened = strikes(f"- {{fault: drop, probability: {chance}}}", seed=seed, frames=50)
    assert strikes(f"- {{fault: drop, hits: {happened}}}", seed=seed + 1, frames=50) == happened
