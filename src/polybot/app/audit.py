"""Holds our ledger against the venue's own books, to the micro-unit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polybot.core.fills import ObservedFill
from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Shares, Usdc
from polybot.core.orders import OurFill, TradeStatus
from polybot.simulator.engine.ledger import GroundTruth, TrueFill


@dataclass(frozen=True, slots=True)
class Books:
    """What we believe: the orders that the venue took, those whose fate is not proven, every fill, cash and what is
    held of each token."""

    orders: frozenset[OrderId]
    unproven: frozenset[OrderId]
    fills: Sequence[OurFill]
    cash: Usdc
    held: Mapping[TokenId, Shares]


def differences(ours: Books, truth: GroundTruth, wallet: Wallet) -> list[str]:
    """One sentence for each difference; empty if the two agree in everything."""
    return [
        *_orders(ours, truth, wallet),
        *_fills(ours, truth, wallet),
        *_cash(ours, truth, wallet),
        *_positions(ours, truth, wallet),
    ]


def _orders(ours: Books, truth: GroundTruth, wallet: Wallet) -> list[str]:
    theirs = Counter(order.id for order in truth.orders if order.wallet == wallet)
    invented = ours.orders - theirs.keys() - set(truth.killed)
    return [
        *(f"order {o}: the venue has it, we do not" for o in sorted(theirs.keys() - ours.orders - ours.unproven)),
        *(f"order {o}: we have it, the venue does not" for o in sorted(invented)),
        *(f"order {o}: the venue has it {n} times" for o, n in theirs.items() if n > 1),
    ]


_Key = tuple[str, str]
_Facts = tuple[str, str, int, int, int]


def _fills(ours: Books, truth: GroundTruth, wallet: Wallet) -> list[str]:
    mine: dict[_Key, _Facts] = {
        (fill.trade, fill.order): (fill.token, fill.side, fill.shares.micro, fill.usdc.micro, fill.fee.micro)
        for fill in ours.fills
        if fill.status is not TradeStatus.FAILED
    }
    theirs: dict[_Key, _Facts] = {
        (fill.trade, fill.order): _facts(fill) for fill in truth.fills if fill.wallet == wallet
    }
    return [
        *(f"fill {k[0]} of order {k[1]}: missing in our ledger" for k in sorted(theirs.keys() - mine.keys())),
        *(f"fill {k[0]} of order {k[1]}: unknown to the venue" for k in sorted(mine.keys() - theirs.keys())),
        *(
            f"fill {k[0]} of order {k[1]}: token, side, shares, usdc, fee {mine[k]} in our ledger, {theirs[k]} in truth"
            for k in sorted(mine.keys() & theirs.keys())
            if mine[k] != theirs[k]
        ),
    ]


def _facts(fill: TrueFill) -> _Facts:
    return (fill.token, fill.side, fill.shares.micro, fill.usdc.micro, fill.fee.micro)


def _cash(ours: Books, truth: GroundTruth, wallet: Wallet) -> list[str]:
    """We book what a result brings when it is known, the venue when it is redeemed."""
    theirs = [balance.cash for balance in truth.balances if balance.wallet == wallet]
    claims = [position.claim for position in truth.positions if position.wallet == wallet and position.claim]
    if [sum(claims, cash) for cash in theirs] == [ours.cash]:
        return []
    real = f"{' and '.join(map(str, theirs)) or 'no account'} and {sum(claims, ZERO_USDC)} to be redeemed"
    return [f"cash: {ours.cash} in our ledger, {real} in truth"]


def _positions(ours: Books, truth: GroundTruth, wallet: Wallet) -> list[str]:
    theirs = {
        position.token: position.shares if position.claim is None else ZERO_SHARES
        for position in truth.positions
        if position.wallet == wallet
    }
    return [
        f"token {token}: {mine} shares in our ledger, {real} in truth"
        for token in sorted(ours.held.keys() | theirs.keys())
        if (mine := ours.held.get(token, ZERO_SHARES)) != (real := theirs.get(token, ZERO_SHARES))
    ]


def unseen_fills(truth: GroundTruth, followed: frozenset[Wallet], seen: Counter[tuple[str, ...]]) -> list[str]:
    """Fills of followed wallets that we did not decide about exactly once."""
    real = Counter(fill_facts(fill) for fill in truth.fills if fill.wallet in followed)
    return [
        f"target fill {facts}: happened {real[facts]} times, seen {seen[facts]} times"
        for facts in sorted(real.keys() | seen.keys())
        if real[facts] != seen[facts]
    ]


def fill_facts(fill: TrueFill | ObservedFill) -> tuple[str, ...]:
    """What identifies a target's fill on both sides: wallet, token, side and size."""
    return (fill.wallet, fill.token, fill.side.value, str(fill.shares))
