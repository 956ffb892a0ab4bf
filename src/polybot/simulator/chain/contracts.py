"""What wallets may call: tokens, ramps, collateral adapters and the router, carried out on the exchange's accounts."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market
from polybot.core.money import Shares, Usdc
from polybot.polymarket.contracts import (
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    OFFRAMP,
    ONRAMP,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    USDC_E,
)
from polybot.simulator.chain import abi
from polybot.simulator.engine.accounts import UNLIMITED
from polybot.simulator.engine.collateral import collateral_spender
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.moves import GroupId, MoveRefused


class Call(NamedTuple):
    """What a wallet asks of a contract: 0x-address, wei, selector and arguments."""

    target: str
    value: int
    data: bytes


class Reverted(Exception):
    """A call failed; the text is the reason it gives."""


class _Hand(Protocol):
    """One wallet's way of doing things, for real or in rehearsal."""

    def approve(self, contract: str, spender: str, micro: int) -> None: ...
    def approve_operator(self, contract: str, operator: str, *, allowed: bool) -> None: ...
    def transfer(self, to: Wallet, usdc: Usdc) -> None: ...
    def wrap(self, usdc: Usdc) -> None: ...
    def unwrap(self, usdc: Usdc) -> None: ...
    def split(self, market: Market, shares: Shares) -> None: ...
    def merge(self, market: Market, shares: Shares) -> None: ...
    def redeem(self, market: Market, token: TokenId | None, shares: Shares | None) -> None: ...
    def convert(self, group: GroupId, index_set: int, shares: Shares) -> None: ...


class Contracts:
    """Interprets calls. Of one transaction's calls all happen or none."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def rehearse(self, sender: Wallet, calls: Sequence[Call]) -> None:
        """Reverted if they would revert now; changes nothing."""
        hand = _Rehearsal(self._exchange, sender)
        for call in calls:
            self._perform(sender, call, hand)

    def execute(self, sender: Wallet, calls: Sequence[Call], *, tx: str) -> None:
        """Carries out in order what `sender` calls in the transaction `tx`; Reverted if nothing happened."""
        self.rehearse(sender, calls)
        hand = _Deed(self._exchange, sender, tx)
        for call in calls:
            self._perform(sender, call, hand)

    def _perform(self, sender: Wallet, call: Call, hand: _Hand) -> None:
        if not call.data:
            return
        action = _ACTIONS.get((call.target.lower(), call.data[:4]))
        if action is None:
            raise Reverted(f"no function 0x{call.data[:4].hex()} at {call.target}")
        function, act = action
        try:
            arguments = function.arguments(call.data)
            act(_Request(self._exchange, sender, call.target.lower(), arguments), hand)
        except (MoveRefused, ValueError, LookupError) as refused:
            raise Reverted(str(refused.args[0])) from None


class _Request(NamedTuple):
    exchange: Exchange
    sender: Wallet
    target: str
    arguments: tuple[Any, ...]

    def number(self, at: int) -> int:
        return int(self.arguments[at])

    def amount(self, at: int) -> int:
        """More than nothing, which no wallet here moves."""
        if not (number := self.number(at)):
            raise Reverted("amount is zero")
        return number

    def address(self, at: int) -> str:
        return str(self.arguments[at]).lower()

    def market(self, at: int) -> Market:
        """By condition id; the adapters of version 1 and the router know only their own markets."""
        given = "0x" + bytes(self.arguments[at]).hex()
        condition = ConditionId(given if len(given) == 66 else given + "00")
        market = self.exchange.market(condition)
        if market is None or collateral_spender(market) != self.target:
            raise Reverted("condition not prepared")
        return market

    def to_itself(self, *, asset_at: int, to_at: int) -> None:
        if self.address(asset_at) != USDC_E.lower():
            raise Reverted("InvalidAsset()")
        if self.address(to_at) != self.sender:
            raise Reverted("this simulation wraps and unwraps to the caller only")


def _approve(asked: _Request, hand: _Hand) -> None:
    hand.approve(asked.target, asked.address(0), asked.number(1))


def _approve_operator(asked: _Request, hand: _Hand) -> None:
    hand.approve_operator(asked.target, asked.address(0), allowed=bool(asked.arguments[1]))


def _transfer(asked: _Request, hand: _Hand) -> None:
    hand.transfer(Wallet(asked.address(0)), Usdc(asked.amount(1)))


def _wrap(asked: _Request, hand: _Hand) -> None:
    asked.to_itself(asset_at=0, to_at=1)
    hand.wrap(Usdc(asked.amount(2)))


def _unwrap(asked: _Request, hand: _Hand) -> None:
    asked.to_itself(asset_at=0, to_at=1)
    hand.unwrap(Usdc(asked.amount(2)))


def _split(asked: _Request, hand: _Hand) -> None:
    hand.split(asked.market(2), Shares(asked.amount(4)))


def _merge(asked: _Request, hand: _Hand) -> None:
    hand.merge(asked.market(2), Shares(asked.amount(4)))


def _redeem(asked: _Request, hand: _Hand) -> None:
    hand.redeem(asked.market(2), None, None)


def _convert(asked: _Request, hand: _Hand) -> None:
    group = GroupId("0x" + bytes(asked.arguments[0]).hex())
    hand.convert(group, asked.number(1), Shares(asked.amount(2)))


def _router_split(asked: _Request, hand: _Hand) -> None:
    hand.split(asked.market(0), Shares(asked.amount(1)))


def _router_merge(asked: _Request, hand: _Hand) -> None:
    hand.merge(asked.market(0), Shares(asked.amount(1)))


def _router_redeem(asked: _Request, hand: _Hand) -> None:
    market, outcome = asked.market(0), asked.number(1)
    if outcome > 1:
        raise Reverted("InvalidOutcomeIndex()")
    hand.redeem(market, market.outcomes[outcome].token, Shares(asked.number(2)))


_Action = Callable[[_Request, _Hand], None]
_CALLS: tuple[tuple[str, abi.Function, _Action], ...] = (
    (PUSD, abi.APPROVE, _approve),
    (USDC_E, abi.APPROVE, _approve),
    (PUSD, abi.ERC20_TRANSFER, _transfer),
    (CONDITIONAL_TOKENS, abi.SET_APPROVAL_FOR_ALL, _approve_operator),
    (POSITION_MANAGER, abi.SET_APPROVAL_FOR_ALL, _approve_operator),
    (ONRAMP, abi.WRAP, _wrap),
    (OFFRAMP, abi.UNWRAP, _unwrap),
    (COLLATERAL_ADAPTER, abi.SPLIT_POSITION, _split),
    (COLLATERAL_ADAPTER, abi.MERGE_POSITIONS, _merge),
    (COLLATERAL_ADAPTER, abi.REDEEM_POSITIONS, _redeem),
    (NEG_RISK_COLLATERAL_ADAPTER, abi.SPLIT_POSITION, _split),
    (NEG_RISK_COLLATERAL_ADAPTER, abi.MERGE_POSITIONS, _merge),
    (NEG_RISK_COLLATERAL_ADAPTER, abi.REDEEM_POSITIONS, _redeem),
    (NEG_RISK_COLLATERAL_ADAPTER, abi.CONVERT_POSITIONS, _convert),
    (ROUTER, abi.ROUTER_SPLIT, _router_split),
    (ROUTER, abi.ROUTER_MERGE, _router_merge),
    (ROUTER, abi.ROUTER_REDEEM, _router_redeem),
)
_ACTIONS: Mapping[tuple[str, bytes], tuple[abi.Function, _Action]] = {
    (target.lower(), function.selector): (function, act) for target, function, act in _CALLS
}


class _Deed:
    """Does it on the exchange."""

    def __init__(self, exchange: Exchange, wallet: Wallet, tx: str) -> None:
        self._exchange = exchange
        self._wallet = wallet
        self._tx = tx

    def approve(self, contract: str, spender: str, micro: int) -> None:
        self._exchange.approve(self._wallet, spender, micro, contract=contract, tx=self._tx)

    def approve_operator(self, contract: str, operator: str, *, allowed: bool) -> None:
        self._exchange.approve_operator(self._wallet, operator, allowed, contract=contract, tx=self._tx)

    def transfer(self, to: Wallet, usdc: Usdc) -> None:
        self._exchange.withdraw(self._wallet, usdc, to=to, tx=self._tx)

    def wrap(self, usdc: Usdc) -> None:
        self._exchange.wrap(self._wallet, usdc, tx=self._tx)

    def unwrap(self, usdc: Usdc) -> None:
        self._exchange.unwrap(self._wallet, usdc, tx=self._tx)

    def split(self, market: Market, shares: Shares) -> None:
        self._exchange.split(self._wallet, market.condition, shares, tx=self._tx)

    def merge(self, market: Market, shares: Shares) -> None:
        self._exchange.merge(self._wallet, market.condition, shares, tx=self._tx)

    def redeem(self, market: Market, token: TokenId | None, shares: Shares | None) -> None:
        self._exchange.redeem(self._wallet, market.condition, token=token, shares=shares, tx=self._tx)

    def convert(self, group: GroupId, index_set: int, shares: Shares) -> None:
        self._exchange.convert(self._wallet, group, index_set=index_set, shares=shares, tx=self._tx)


class _Rehearsal:
    """Balances and allowances of one wallet as the calls so far would leave them."""

    def __init__(self, exchange: Exchange, wallet: Wallet) -> None:
        account = exchange.accounts.find(wallet)
        if account is None:
            raise Reverted(f"wallet {wallet} has no account here")
        self._exchange = exchange
        self._account = account
        self._cash = account.chain_cash_micro
        self._usdc_e = account.usdc_e_micro
        self._change: defaultdict[TokenId, int] = defaultdict(int)
        self._allowances = {PUSD.lower(): dict(account.allowances), USDC_E.lower(): dict(account.usdc_e_allowances)}
        self._operators = set(account.operators)

    def approve(self, contract: str, spender: str, micro: int) -> None:
        self._allowances[contract][spender] = micro

    def approve_operator(self, contract: str, operator: str, *, allowed: bool) -> None:
        (self._operators.add if allowed else self._operators.discard)((contract, operator))

    def transfer(self, to: Wallet, usdc: Usdc) -> None:
        self._pay(usdc.micro)

    def wrap(self, usdc: Usdc) -> None:
        if self._usdc_e < usdc.micro:
            raise Reverted("ERC20: transfer amount exceeds balance")
        self._spend(USDC_E, ONRAMP, usdc.micro)
        self._usdc_e -= usdc.micro
        self._cash += usdc.micro

    def unwrap(self, usdc: Usdc) -> None:
        self._pay(usdc.micro)
        self._spend(PUSD, OFFRAMP, usdc.micro)
        self._usdc_e += usdc.micro

    def split(self, market: Market, shares: Shares) -> None:
        self._pay(shares.micro)
        self._spend(PUSD, collateral_spender(market), shares.micro)
        for outcome in market.outcomes:
            self._change[outcome.token] += shares.micro

    def merge(self, market: Market, shares: Shares) -> None:
        for outcome in market.outcomes:
            self._give(outcome.token, shares.micro, to=collateral_spender(market))
        self._cash += shares.micro

    def redeem(self, market: Market, token: TokenId | None, shares: Shares | None) -> None:
        if not market.closed:
            raise Reverted("result for condition not received yet")
        for each in [token] if token else [outcome.token for outcome in market.outcomes]:
            micro = max(0, self._held(each)) if shares is None else shares.micro
            self._give(each, micro, to=collateral_spender(market))
            self._cash += self._exchange.worth(each, Shares(micro)).micro

    def convert(self, group: GroupId, index_set: int, shares: Shares) -> None:
        markets = self._exchange.markets_of(group)
        if not 0 < index_set < 1 << len(markets):
            raise Reverted("InvalidIndexSet()")
        if len(markets) < 2:
            raise Reverted("NoConvertiblePositions()")
        given = 0
        for number, market in enumerate(markets):
            if index_set >> number & 1:
                self._give(market.outcomes[1].token, shares.micro, to=collateral_spender(market))
                given += 1
            else:
                self._change[market.outcomes[0].token] += shares.micro
        self._cash += shares.micro * (given - 1)

    def _held(self, token: TokenId) -> int:
        return self._account.chain_held_micro(token) + self._change[token]

    def _pay(self, micro: int) -> None:
        if micro > self._cash:
            raise Reverted("ERC20: transfer amount exceeds balance")
        self._cash -= micro

    def _spend(self, contract: str, spender: str, micro: int) -> None:
        allowances, spender = self._allowances[contract.lower()], spender.lower()
        allowance = allowances.get(spender, 0)
        if allowance < micro:
            raise Reverted("ERC20: transfer amount exceeds allowance")
        if allowance != UNLIMITED:
            allowances[spender] = allowance - micro

    def _give(self, token: TokenId, micro: int, *, to: str) -> None:
        v2 = to == ROUTER.lower()
        contract = POSITION_MANAGER if v2 else CONDITIONAL_TOKENS
        if (contract.lower(), to) not in self._operators:
            raise Reverted("ERC1155: need operator approval for 3rd party transfers")
        if micro > max(0, self._held(token)):
            raise Reverted("SafeMath: subtraction overflow")
        self._change[token] -= micro
