"""Setting up survives unclear answers, busy wallets and interruptions at any moment, and does nothing twice."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.accounts.wallet_setup import (
    Deploy,
    Grant,
    Patience,
    SetupStopped,
    Step,
    WalletSetup,
    Wrap,
    plan,
)
from polybot.core.ids import Wallet
from polybot.core.money import Usdc
from polybot.polymarket import wallet_calls
from polybot.polymarket.wallet_calls import CLOSING, TRADING
from polybot.ports.venue import NoAnswer
from polybot.ports.wallet import (
    Accepted,
    Approval,
    Call,
    Done,
    Failed,
    Later,
    Outcome,
    Pending,
    Refused,
    Submission,
    TransactionRef,
    Unknown,
)
from polybot.utils.clock import ManualClock

WALLET = Wallet("0x" + "0a" * 20)
TEN = Usdc.parse("10")
FATES = ("taken", "lost after", "lost before", "busy")


class Stop(BaseException):
    """The process ends here."""


@dataclass
class Chain:
    """A wallet whose transactions are bound to its nonce; `fates` of the next submissions, then all is taken.

    Every await is a moment at which the process may end: `stop_at` counts them down.
    """

    calls_at_once: int = 50
    is_deployed: bool = True
    usdc: Usdc = Usdc(0)
    fates: list[str] = field(default_factory=list)
    missing_now: set[Approval] = field(default_factory=lambda: {*TRADING, *CLOSING})
    nonce: int = 0
    mined: list[Sequence[Call]] = field(default_factory=list)
    stop_at: int = -1
    in_flight: Sequence[Call] | None = None

    async def _moment(self) -> None:
        self.stop_at -= 1
        if self.stop_at == 0:
            raise Stop

    async def deployed(self) -> bool:
        await self._moment()
        return self.is_deployed

    async def usdc_e(self) -> Usdc:
        await self._moment()
        return self.usdc

    async def missing(self, approvals: Sequence[Approval], /) -> Sequence[Approval]:
        await self._moment()
        return [approval for approval in approvals if approval in self.missing_now]

    async def preview(self, calls: Sequence[Call]) -> Mapping[str, object]:
        return {}

    async def deploy(self) -> Submission:
        return await self.send((), why="")

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        await self._moment()
        fate = self.fates.pop(0) if self.fates else "taken"
        if self.in_flight is not None:
            self._mine()
            return Later("wallet has in-flight action")
        if fate == "busy":
            return Later("wallet busy: has an active action")
        if fate == "lost before":
            return Unknown("timeout")
        self.in_flight = calls
        await self._moment()
        return Unknown("timeout") if fate == "lost after" else Accepted(TransactionRef(f"t{self.nonce}"))

    async def outcome(self, ref: TransactionRef) -> Outcome:
        await self._moment()
        if self.in_flight is not None:
            self._mine()
            return Pending("STATE_NEW")
        return Done(f"0x{ref.id}")

    def _mine(self) -> None:
        calls, self.in_flight = self.in_flight, None
        self.nonce += 1
        self.mined.append(calls or ())
        self.is_deployed = self.is_deployed or not calls
        done = {wallet_calls.approve(approval): approval for approval in self.missing_now}
        self.missing_now -= {done[call] for call in calls or () if call in done}
        if any("make pUSD" in call.words for call in calls or ()):
            assert self.usdc >= TEN, "wrapped twice"
            self.usdc -= TEN


def calls_of(step: Step) -> Sequence[Call]:
    match step:
        case Deploy():
            return ()
        case Grant(approvals):
            return [wallet_calls.approve(approval) for approval in approvals]
        case Wrap(amount):
            return wallet_calls.wrap(WALLET, amount)


class InstantClock(ManualClock):
    async def sleep(self, seconds: float) -> None:
        self._now_ns += int(seconds * 1e9)


def setup_of(chain: Chain, told: list[str] | None = None, *, tries: int = 15) -> WalletSetup:
    tell = told.append if told is not None else lambda _text: None
    return WalletSetup(
        chain, chain, calls_of=calls_of, clock=InstantClock(), tell=tell, patience=Patience(tries=tries, looks=3)
    )


async def planned(chain: Chain) -> list[Step]:
    """As every start of the command plans: from what the chain shows."""
    return plan(
        deployed=chain.is_deployed,
        needed=await chain.missing(TRADING),
        useful=await chain.missing(CLOSING),
        wrap=chain.usdc,
        at_once=chain.calls_at_once,
    )


async def test_everything_is_done_in_the_order_of_need() -> None:
    chain = Chain(is_deployed=False, usdc=TEN)
    steps = await planned(chain)
    assert [type(step) for step in steps] == [Deploy, Grant, Grant, Wrap]
    reports = await setup_of(chain).carry_out(steps)
    assert [len(report.tx) for report in reports] == [1, 1, 1, 1]
    assert [len(calls) for calls in chain.mined] == [0, len(TRADING), len(CLOSING), 2]
    assert await planned(chain) == []


async def test_a_plain_wallet_sends_one_call_at_a_time() -> None:
    chain = Chain(calls_at_once=1)
    await setup_of(chain).carry_out(await planned(chain))
    assert [len(calls) for calls in chain.mined] == [1] * (len(TRADING) + len(CLOSING))


async def test_what_someone_did_meanwhile_is_left_alone() -> None:
    chain = Chain()
    steps = await planned(chain)
    chain.missing_now.clear()
    assert [report.tx for report in await setup_of(chain).carry_out(steps)] == [(), ()]
    assert chain.mined == []


@given(fates=st.lists(st.sampled_from(FATES), max_size=8), at_once=st.sampled_from([1, 50]))
def test_unclear_answers_lead_to_one_transaction_each(fates: list[str], at_once: int) -> None:
    chain = Chain(is_deployed=False, usdc=TEN, fates=list(fates), calls_at_once=at_once)

    async def run() -> None:
        await setup_of(chain).carry_out(await planned(chain))

    asyncio.run(run())
    granted = [
        call for calls in chain.mined for call in calls if "without limit" in call.words or "move all" in call.words
    ]
    assert len(granted) == len(set(granted)) == len(TRADING) + len(CLOSING)
    assert not chain.missing_now
    assert chain.usdc == Usdc(0)


@pytest.mark.parametrize("moment", range(1, 40))
@pytest.mark.parametrize("fates", [[], ["taken", "lost after", "lost before", "lost after"]])
def test_interrupted_at_any_moment_it_goes_on_from_the_chain(moment: int, fates: list[str]) -> None:
    chain = Chain(is_deployed=False, usdc=TEN, fates=list(fates), stop_at=moment)

    async def run() -> None:
        await setup_of(chain).carry_out(await planned(chain))

    with suppress(Stop):
        asyncio.run(run())
    chain.stop_at = -1
    asyncio.run(run())
    assert (chain.is_deployed, chain.missing_now, chain.usdc) == (True, set(), Usdc(0))
    granted = [call for calls in chain.mined for call in calls if "without limit" in call.words]
    assert len(granted) == len(set(granted))


@dataclass
class Answers(Chain):
    """Fixed answers."""

    answer: Submission = Accepted(TransactionRef("t"))
    ends: Outcome = Pending("STATE_NEW")

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        return self.answer

    async def outcome(self, ref: TransactionRef) -> Outcome:
        return self.ends


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        (
            Answers(answer=Refused("unauthorized", "HTTP 401", "check the builder key")),
            "HTTP 401; check the builder key",
        ),
        (Answers(answer=Later("wallet busy")), "no answer settled it in 3 tries"),
        (Answers(answer=Unknown("timeout")), "no answer settled it in 3 tries"),
        (Answers(ends=Failed("execution reverted")), "failed and changed nothing: execution reverted"),
        (Answers(ends=Pending("STATE_NEW")), "has not ended yet"),
        (Answers(ends=NoAnswer("timeout")), "has not ended yet"),
        (Answers(ends=Done("0xaa")), "does not show it"),
    ],
)
async def test_what_cannot_be_done_stops_it_with_the_reason(chain: Answers, said: str) -> None:
    setup = setup_of(chain, tries=3)
    with pytest.raises(SetupStopped, match=said):
        await setup.carry_out(await planned(chain))


class Picky(Chain):
    """Refuses to approve one contract, as Polymarket's relayer did with its own adapters in May 2026."""

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        if wallet_calls.approve(CLOSING[0]) in calls:
            return Refused("refused", "approval is not allowed")
        return await super().send(calls, why=why)


async def test_an_approval_that_is_refused_and_only_useful_costs_no_other() -> None:
    chain = Picky(usdc=TEN)
    reports = await setup_of(chain).carry_out(await planned(chain))
    assert chain.missing_now == {CLOSING[0]}
    assert chain.usdc == Usdc(0)
    (left_out,) = [report for report in reports if report.trouble]
    assert left_out.step == Grant((CLOSING[0],), optional=True)
    assert "not allowed" in left_out.trouble


async def test_it_says_what_it_does() -> None:
    told: list[str] = []
    chain = Chain(fates=["busy", "lost before"])
    chain.missing_now = {TRADING[0]}
    await setup_of(chain, told).carry_out(await planned(chain))
    assert told[0] == "let CTFExchangeV2 (ordinary markets) spend your pUSD, without limit"
    assert any("waiting: wallet busy" in line for line in told)
    assert any("looking at the chain" in line for line in told)
    assert told[-1] == "done: 0xt0"
