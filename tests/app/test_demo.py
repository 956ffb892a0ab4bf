"""Done is: seen once, copied or skipped by a stated rule, and a ledger equal to the truth."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from polybot.app.audit import Books, differences
from polybot.app.demo import DemoOptions, play, run_demo
from polybot.app.demo_summary import DemoReport, Outcome, books
from polybot.core.money import Shares, Usdc
from polybot.decision.rules import Rule

STATED = {rule.value for rule in Rule} | {"overtaken", "not_expressible"}


def proven(report: DemoReport) -> None:
    """What every demo must show, whatever was played."""
    assert report.ground_truth_differences == []
    assert report.ledger_matches_ground_truth
    assert report.target_orders == report.copied + sum(report.skipped.values())
    assert set(report.skipped) <= STATED
    assert (report.orders_duplicated, report.orders_unknown) == (0, 0)


async def test_recorded_fills_of_many_wallets_are_each_seen_once_and_copied(shared: Path) -> None:
    tape = shared / "tapes" / "rtds-2026-08-19.jsonl.gz"
    report = await run_demo(DemoOptions(tapes=(tape,), speed=4))
    proven(report)
    assert report.target_orders == 54, "the tape holds 54 fills of its 18 wallets"
    assert report.copied >= 20


async def test_recorded_books_are_traded_with_exits_and_resolutions(shared: Path) -> None:
    tape = shared / "tapes" / "btc15m-books-A.jsonl.gz"
    report = await run_demo(DemoOptions(tapes=(tape,), seconds=60))
    proven(report)
    assert report.copied >= 20
    assert report.exits_followed >= 5
    assert report.settled >= 5


async def test_a_generated_hour_is_copied_in_and_out(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    report = await run_demo(DemoOptions(seconds=60, seed=7, json_path=path))
    proven(report)
    assert report.copied >= 20
    assert report.exits_followed >= 5
    assert report.settled >= 1
    assert json.loads(path.read_text())["target_orders"] == report.target_orders


def test_ctrl_c_settles_what_is_open_and_sums_up(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    command = [sys.executable, "-c", "from polybot.cli.main import main; main()", "demo", "--json", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout
        next(line for line in demo.stdout if line.startswith("copied"))
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert "Summary" in rest
    assert json.loads(path.read_text())["ledger_matches_ground_truth"]


@pytest.fixture(scope="module")
def played() -> Outcome:
    """Twenty simulated minutes in a few seconds."""
    return asyncio.run(play(DemoOptions(seconds=8, speed=150, seed=3)))


Plant = Callable[[Books], Books]


def _drop_a_fill(ours: Books) -> Books:
    return replace(ours, fills=ours.fills[1:])


def _charge_one_more(ours: Books) -> Books:
    first, *rest = ours.fills
    return replace(ours, fills=[replace(first, fee=first.fee + Usdc(1)), *rest])


def _pay_one_less(ours: Books) -> Books:
    first, *rest = ours.fills
    return replace(ours, fills=[replace(first, usdc=first.usdc - Usdc(1)), *rest])


def _count_a_fill_twice(ours: Books) -> Books:
    return replace(ours, fills=[*ours.fills, replace(ours.fills[0], trade=ours.fills[0].trade + "x")])  # type: ignore[arg-type]


def _lose_a_micro_dollar(ours: Books) -> Books:
    return replace(ours, cash=ours.cash - Usdc(1))


def _forget_an_order(ours: Books) -> Books:
    return replace(ours, orders=frozenset(sorted(ours.orders)[1:]))


def _hold_a_micro_share_more(ours: Books) -> Books:
    token = min(ours.held)
    return replace(ours, held={**ours.held, token: ours.held[token] + Shares(1)})


PLANTS = [
    _drop_a_fill,
    _charge_one_more,
    _pay_one_less,
    _count_a_fill_twice,
    _lose_a_micro_dollar,
    _forget_an_order,
    _hold_a_micro_share_more,
]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_difference_is_caught(played: Outcome, plant: Plant) -> None:
    ours = books(played)
    assert differences(ours, played.truth, played.wallet) == []
    assert len(differences(plant(ours), played.truth, played.wallet)) == 1
