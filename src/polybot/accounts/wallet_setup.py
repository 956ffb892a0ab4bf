"""Brings a wallet to where it can trade, one proven step after the other.

Every step starts from what the chain shows, so setting up again after an interruption does nothing twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from polybot.core.money import ZERO_USDC, Usdc
from polybot.polymarket.wallet_calls import approve
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
    TransactionRef,
    Unknown,
    WalletDesk,
)
from polybot.utils.clock import Clock

_LOOKS_PER_WORD = 5
"""How many quiet looks before a person hears again that we wait."""


class SetupStopped(RuntimeError):
    """A step could not be done; the text says why and what to do. What was done before stays done."""


class ChainView(Protocol):
    """What the chain shows of the wallet."""

    async def usdc_e(self) -> Usdc: ...

    async def missing(self, approvals: Sequence[Approval], /) -> Sequence[Approval]: ...


@dataclass(frozen=True, slots=True)
class Deploy:
    """Make the wallet."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Let contracts move the wallet's money and shares; trading works without those that are `optional`."""

    approvals: tuple[Approval, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Wrap:
    """Turn USDC.e into pUSD, if the wallet still holds as much."""

    amount: Usdc


Step = Deploy | Grant | Wrap


@dataclass(frozen=True, slots=True)
class StepReport:
    """`tx`: of the transactions it took; none if it was done already. `trouble`: why it was left out."""

    step: Step
    tx: tuple[str, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: between looks, for a transaction's end, and for how many answers that are none."""

    pause_s: float = 2.0
    looks: int = 100
    tries: int = 15

    def after(self, look: int) -> float:
        """Seconds to wait after `look` (from 0): a block takes 1.5 s, and soon nothing is gained by asking often."""
        return min(self.pause_s, 0.25 * 2.0 ** min(look, 10))


def plan(
    *,
    deployed: bool,
    needed: Sequence[Approval],
    useful: Sequence[Approval],
    further: Sequence[Approval] = (),
    wrap: Usdc = ZERO_USDC,
    at_once: int,
) -> list[Step]:
    """What there is to do, in the order of need; each of `further`, which a person named, by itself."""
    steps: list[Step] = [] if deployed else [Deploy()]
    for group, optional in ((needed, False), (useful, True)):
        steps += [Grant(tuple(group[i : i + at_once]), optional) for i in range(0, len(group), at_once)]
    steps += [Grant((approval,)) for approval in further]
    return [*steps, *([Wrap(wrap)] if wrap.micro else [])]


def transactions(calls: Sequence[Call], at_once: int) -> list[Sequence[Call]]:
    """Calls in the order and company in which they are sent; one without calls for a deployment."""
    return [calls[i : i + at_once] for i in range(0, len(calls), at_once)] or [()]


class WalletSetup:
    """Carries out steps that a person agreed to. `calls_of` says what a step has the wallet do; `tell` hears of
    progress."""

    def __init__(
        self,
        desk: WalletDesk,
        chain: ChainView,
        *,
        calls_of: Callable[[Step], Sequence[Call]],
        clock: Clock,
        tell: Callable[[str], None],
        patience: Patience = Patience(),
    ) -> None:
        self._desk = desk
        self._chain = chain
        self._calls_of = calls_of
        self._clock = clock
        self._tell = tell
        self._patience = patience

    async def carry_out(self, steps: Sequence[Step]) -> list[StepReport]:
        """SetupStopped at the first that is needed and cannot be done; what is optional is left out then."""
        reports: list[StepReport] = []
        for step in steps:
            try:
                reports.append(await self._finish(step))
            except SetupStopped as stopped:
                if not isinstance(step, Grant) or not step.optional:
                    raise
                reports += await self._without(step, stopped)
        return reports

    async def _without(self, step: Grant, stopped: SetupStopped) -> list[StepReport]:
        """One refused approval must not cost the others."""
        if len(step.approvals) > 1:
            return await self.carry_out([Grant((approval,), optional=True) for approval in step.approvals])
        self._tell(f"left out: {stopped}")
        return [StepReport(step, (), trouble=str(stopped))]

    async def _finish(self, step: Step) -> StepReport:
        """Tries until the chain shows it; each try is what is left of it then."""
        done: list[str] = []
        for attempt in range(self._patience.tries):
            left = await self._left(step)
            if left is None:
                return StepReport(step, tuple(done))
            tx = await self._try(left)
            if tx is not None:
                done.append(tx)
                await self._until_shown(left)
            else:
                await self._clock.sleep(self._patience.after(attempt))
        raise SetupStopped(
            f"{words(step)}: no answer settled it in {self._patience.tries} tries; run setup again later"
        )

    async def _left(self, step: Step) -> Step | None:
        """None: the chain shows it done."""
        match step:
            case Deploy():
                return None if await self._desk.deployed() else step
            case Grant(approvals, optional):
                missing = tuple(await self._chain.missing(approvals))
                return Grant(missing, optional) if missing else None
            case Wrap(amount):
                return step if await self._chain.usdc_e() >= amount else None
            case never:
                assert_never(never)

    async def _try(self, step: Step) -> str | None:
        """The hash of what did it; None: look again. SetupStopped: it cannot be done."""
        self._tell(words(step))
        tx: str | None = None
        for calls in transactions(self._calls_of(step), self._desk.calls_at_once):
            tx = await self._send(step, calls)
            if tx is None:
                return None
        return tx

    async def _send(self, step: Step, calls: Sequence[Call]) -> str | None:
        answer = await (self._desk.send(calls, why=words(step)) if calls else self._desk.deploy())
        match answer:
            case Accepted(ref):
                return await until_final(self._desk, ref, clock=self._clock, tell=self._tell, patience=self._patience)
            case Refused():
                raise SetupStopped(f"{words(step)}: {answer.said}")
            case Later(why):
                self._tell(f"waiting: {why}")
            case Unknown(cause):
                self._tell(f"no clear answer ({cause}); looking at the chain before trying again")
            case never:
                assert_never(never)
        return None

    async def _until_shown(self, step: Step) -> None:
        """The node we read may be behind the one that mined it."""
        for look in range(self._patience.looks):
            if await self._left(step) is None:
                return
            if look % _LOOKS_PER_WORD == 1:
                self._tell("waiting for the node in endpoints.rpc to show it")
            await self._clock.sleep(self._patience.after(look))
        raise SetupStopped(
            f"{words(step)}: done, but the node in endpoints.rpc does not show it; run setup again later"
        )


async def until_final(
    desk: WalletDesk, ref: TransactionRef, *, clock: Clock, tell: Callable[[str], None], patience: Patience
) -> str:
    """The hash of a transaction that is done; SetupStopped if it failed or does not end."""
    seen: Outcome = Pending("not asked yet")
    for look in range(patience.looks):
        before, seen = seen, await desk.outcome(ref)
        match seen:
            case Done(tx):
                tell(f"done: {tx}")
                return tx
            case Failed(detail):
                raise SetupStopped(f"transaction {ref.id} failed and changed nothing: {detail}")
            case Pending(now) | NoAnswer(now):
                if seen != before or look % _LOOKS_PER_WORD == 0:
                    tell(f"under way: {now}")
                await clock.sleep(patience.after(look))
            case never:
                assert_never(never)
    raise SetupStopped(f"transaction {ref.id} has not ended yet (last seen: {now}); run setup again later")


def words(step: Step) -> str:
    """What a step is, for people and for the relayer's records."""
    match step:
        case Deploy():
            return "make the wallet on chain"
        case Grant(approvals, optional):
            aim = "to close without a trade" if optional else "to trade"
            return f"grant {len(approvals)} approvals {aim}" if len(approvals) > 1 else approve(approvals[0]).words
        case Wrap(amount):
            return f"turn {amount} USDC.e into pUSD"
        case never:
            assert_never(never)
