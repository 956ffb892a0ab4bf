"""Laws of deduplication: each true fill exactly once, whatever the feeds do."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.fills import ObservedFill, SourceKind, TargetFill
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.monitoring.dedupe import Deduplicator

ANN = Wallet("0x" + "a1" * 20)
BOB = Wallet("0x" + "b2" * 20)
YES = TokenId("11")
BASE_S = 1_795_000_000


def row(
    *,
    wallet: Wallet = ANN,
    tx: str = "0x01",
    token: TokenId = YES,
    shares: str = "10",
    at_s: int = BASE_S,
    source: SourceKind = SourceKind.ACTIVITY_POLL,
) -> ObservedFill:
    return ObservedFill(
        source=source,
        wallet=wallet,
        token=token,
        condition=ConditionId("0xc0"),
        side=Side.BUY,
        shares=Shares.parse(shares),
        price=Price.parse("0.42"),
        tx=tx,
        timestamp_s=at_s,
        seen_ns=at_s * 1_000_000_000,
        seen_mono_ns=0,
    )


def pushed(fill: ObservedFill) -> ObservedFill:
    """The same row as the stream shows it, a second early (seen: block time - 1)."""
    return replace(fill, source=SourceKind.ACTIVITY_STREAM, timestamp_s=fill.timestamp_s - 1)


def following(*wallets: Wallet, floor_s: int = 0, max_rows: int = 100_000) -> Deduplicator:
    dedupe = Deduplicator(max_rows=max_rows)
    for wallet in wallets or (ANN, BOB):
        dedupe.begin(wallet, floor_s=floor_s)
    return dedupe


def test_two_identical_rows_of_one_transaction_are_two_fills() -> None:
    twin = row()
    first, second = following().accept_sweep([twin, twin]).fresh
    assert (first.occurrence, second.occurrence) == (0, 1)
    assert first.key != second.key


def test_a_sweep_read_again_brings_nothing() -> None:
    dedupe = following()
    dedupe.accept_sweep([row(), row()])
    assert dedupe.accept_sweep([row(), row()]).fresh == ()


def test_a_row_that_appears_late_beside_its_twin_is_new() -> None:
    dedupe = following()
    dedupe.accept_sweep([row()])
    assert [fill.occurrence for fill in dedupe.accept_sweep([row(), row()]).fresh] == [1]


def test_the_stream_alone_claims_one_and_holds_its_twin_for_a_witness() -> None:
    dedupe = following()
    assert len(dedupe.accept_glimpse([pushed(row())]).fresh) == 1
    repeated = dedupe.accept_glimpse([pushed(row())])
    assert repeated.fresh == ()
    assert repeated.doubtful == {ANN}
    assert [fill.occurrence for fill in dedupe.accept_sweep([row(), row()]).fresh] == [1]


def test_a_repeat_that_sweeps_have_confirmed_already_is_not_doubtful() -> None:
    dedupe = following()
    dedupe.accept_sweep([row(), row()])
    assert not dedupe.accept_glimpse([pushed(row()), pushed(row())]).doubtful


def test_rows_before_the_floor_and_of_strangers_are_refused() -> None:
    dedupe = following(ANN, floor_s=BASE_S)
    screened = dedupe.accept_sweep([row(at_s=BASE_S - 1), row(wallet=BOB), row()])
    assert len(screened.fresh) == 1
    assert screened.refused == 2


def test_what_was_forgotten_cannot_come_back_as_new() -> None:
    dedupe = following()
    dedupe.accept_glimpse([pushed(row())])
    dedupe.forget(ANN, before_s=BASE_S)
    assert dedupe.accept_sweep([row()]).fresh == ()
    dedupe.forget(ANN, before_s=BASE_S + 1)
    assert dedupe.accept_sweep([row()]).fresh == ()


def test_memory_of_a_wallet_is_bounded_and_what_it_drops_stays_refused() -> None:
    dedupe = following(max_rows=10)
    rows = [row(tx=f"0x{n:x}", at_s=BASE_S + n * 100) for n in range(50)]
    assert len(dedupe.accept_sweep(rows).fresh) == 50
    assert dedupe.accept_sweep(rows).fresh == ()
    assert len(dedupe._wallets[ANN].records) <= 10


def test_letter_case_of_a_transaction_does_not_make_a_second_fill() -> None:
    dedupe = following()
    dedupe.accept_sweep([row(tx="0xAB")])
    assert dedupe.accept_glimpse([pushed(row(tx="0xab"))]).fresh == ()


@pytest.mark.parametrize(
    ("vector", "expected"),
    [("identical_fills_one_tx.json", [1, 1, 2]), ("same_wallet_two_fills_one_tx.json", [1, 2])],
)
def test_recorded_transactions_with_several_fills_of_a_wallet(shared: Path, vector: str, expected: list[int]) -> None:
    recorded = json.loads((shared / "samples" / "vectors" / vector).read_text())["rows"]
    rows = [
        row(wallet=Wallet(r["trader"]), tx=r["tx_hash"], token=TokenId(r["token_id"]), shares=str(r["size"]))
        for r in recorded
    ]
    dedupe = following(*{r.wallet for r in rows})
    fresh = dedupe.accept_sweep(rows).fresh
    assert len({fill.key for fill in fresh}) == len(rows)
    assert sorted(Counter(fill.seen.wallet for fill in fresh).values()) == expected


@dataclass(frozen=True)
class History:
    """What the venue really did, and one telling of it."""

    truth: tuple[ObservedFill, ...]
    """All rows, equal ones next to each other."""
    telling: tuple[tuple[str, tuple[ObservedFill, ...]], ...]
    restarts: frozenset[int]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Sweeps show every row of the seconds they cover; the stream drops, repeats and reorders at will."""
    contents = draw(
        st.lists(
            st.builds(
                row,
                wallet=st.sampled_from([ANN, BOB]),
                tx=st.sampled_from(["0x01", "0x02", "0x03"]),
                token=st.sampled_from([TokenId("11"), TokenId("12")]),
                shares=st.sampled_from(["10", "5.5"]),
            ),
            min_size=1,
            max_size=8,
        )
    )
    truth = tuple(sorted((replace(r, timestamp_s=BASE_S + int(r.tx, 16)) for r in contents), key=lambda r: r.tx))
    steps: list[tuple[str, tuple[ObservedFill, ...]]] = []
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            steps.append(("stream", tuple(pushed(r) for r in draw(st.lists(st.sampled_from(truth), max_size=10)))))
        else:
            first, wallet = draw(st.integers(1, 3)), draw(st.sampled_from([ANN, BOB]))
            steps.append(("sweep", tuple(r for r in truth if int(r.tx, 16) >= first and r.wallet == wallet)))
    steps += [("sweep", tuple(r for r in truth if r.wallet == wallet)) for wallet in (ANN, BOB)]
    return History(truth, tuple(steps), draw(st.frozensets(st.integers(0, len(steps)))))


def play(history: History) -> list[TargetFill]:
    """Accepted fills over all lives; at a restart only the stored fills are remembered."""
    dedupe, accepted = following(), list[TargetFill]()
    for number, (source, rows) in enumerate(history.telling):
        if number in history.restarts:
            dedupe = following()
            dedupe.seed(accepted)
        accepted += _accept(dedupe, source, rows)
    return accepted


def _accept(dedupe: Deduplicator, source: str, rows: Sequence[ObservedFill]) -> Sequence[TargetFill]:
    return (dedupe.accept_sweep(rows) if source == "sweep" else dedupe.accept_glimpse(rows)).fresh


def content(fill: ObservedFill) -> tuple[Wallet, str, TokenId, Shares]:
    return fill.wallet, fill.tx, fill.token, fill.shares


@given(histories())
def test_every_true_fill_exactly_once(history: History) -> None:
    accepted = play(history)
    assert len({fill.key for fill in accepted}) == len(accepted)
    assert Counter(content(fill.seen) for fill in accepted) == Counter(content(fill) for fill in history.truth)


@given(histories())
def test_never_more_than_the_truth_at_any_moment(history: History) -> None:
    truth = Counter(content(fill) for fill in history.truth)
    for length in range(len(history.telling)):
        seen = Counter(content(f.seen) for f in play(replace(history, telling=history.telling[:length])))
        assert seen <= truth
