"""What moving collateral and shares leaves in the logs, market by market.

Order and emitters follow the contracts: ConditionalTokens beneath the collateral adapters (and beneath the
NegRiskAdapter) for version 1, the modules of Protocol V2 for version 2.
"""

from collections.abc import Iterator, Sequence

from polybot.core.ids import TokenId
from polybot.core.market import Market, MarketVersion
from polybot.polymarket.contracts import (
    BINARY_MODULE,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    NEG_RISK_MODULE,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    USDC_E,
)
from polybot.polymarket.token_ids import WRAPPED_COLLATERAL, decode_position
from polybot.simulator.chain import abi
from polybot.simulator.chain.abi import NOBODY, ZERO_HASH, Log

RESERVE = "0xc417fd8e9661c0d2120b64a04bb3278c17e99db1"
"""Holds the USDC.e behind pUSD."""
_PARTITION = [1, 2]


def cash(giver: str, taker: str, micro: int, *, token: str = PUSD) -> Log:
    return abi.TRANSFER.log(token, giver, taker, micro)


def unwrapped(payer: str, to: str, micro: int) -> Iterator[Log]:
    """pUSD of `payer` is burnt, USDC.e comes out of the reserve."""
    yield cash(payer, PUSD, micro)
    yield cash(RESERVE, to, micro, token=USDC_E)
    yield cash(PUSD, NOBODY, micro)
    yield abi.UNWRAPPED.log(PUSD, to, USDC_E, to, micro)


def wrapped(giver: str, to: str, micro: int) -> Iterator[Log]:
    """USDC.e goes into the reserve, as much pUSD is made for `to`."""
    yield cash(giver, RESERVE, micro, token=USDC_E)
    yield cash(NOBODY, to, micro)
    yield abi.WRAPPED.log(PUSD, giver, USDC_E, to, micro)


class MarketTokens:
    """One market's shares; `holder` is the wallet, or the exchange that mints or merges within a match."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._v2 = market.version is MarketVersion.V2
        self._tokens = [int(outcome.token) for outcome in market.outcomes]
        self.contract = POSITION_MANAGER if self._v2 else CONDITIONAL_TOKENS
        self.module = _module(market) if self._v2 else ""
        self.adapter = NEG_RISK_COLLATERAL_ADAPTER if market.neg_risk else COLLATERAL_ADAPTER
        self._base = NEG_RISK_ADAPTER if market.neg_risk else self.adapter
        self._collateral = WRAPPED_COLLATERAL if market.neg_risk else USDC_E

    def one(self, operator: str, giver: str, taker: str, token: TokenId | int, micro: int) -> Log:
        return abi.TRANSFER_SINGLE.log(self.contract, operator, giver, taker, int(token), micro)

    def _both(self, operator: str, giver: str, taker: str, micro: int | Sequence[int]) -> Log:
        amounts = [micro, micro] if isinstance(micro, int) else list(micro)
        return abi.TRANSFER_BATCH.log(self.contract, operator, giver, taker, self._tokens, amounts)

    def split(self, holder: str, micro: int, *, caller: str = ROUTER) -> Iterator[Log]:
        """`caller` splits for the holder where there are modules: the router, or the exchange itself."""
        if self._v2:
            yield from self._module_split(holder, micro, caller=caller)
            return
        yield from unwrapped(holder, self.adapter, micro)
        if self.market.neg_risk:
            yield cash(self.adapter, NEG_RISK_ADAPTER, micro, token=USDC_E)
            yield cash(NEG_RISK_ADAPTER, WRAPPED_COLLATERAL, micro, token=USDC_E)
            yield cash(NOBODY, NEG_RISK_ADAPTER, micro, token=WRAPPED_COLLATERAL)
        yield cash(self._base, CONDITIONAL_TOKENS, micro, token=self._collateral)
        yield self._both(self._base, NOBODY, self._base, micro)
        yield self._ctf(abi.CTF_SPLIT, micro)
        if self.market.neg_risk:
            yield self._both(NEG_RISK_ADAPTER, NEG_RISK_ADAPTER, self.adapter, micro)
            yield abi.ADAPTER_SPLIT.log(NEG_RISK_ADAPTER, self.adapter, self.market.condition, micro)
        yield self._both(self.adapter, self.adapter, holder, micro)

    def _module_split(self, holder: str, micro: int, *, caller: str) -> Iterator[Log]:
        yield cash(holder, self.module, micro)
        for token in self._tokens:
            yield self.one(self.module, NOBODY, holder, token, micro)
        yield cash(self.module, NOBODY, micro)
        yield abi.MODULE_SPLIT.log(self.module, caller, self._condition31, holder, holder, micro)
        if caller == ROUTER:
            yield abi.ROUTER_SPLIT_DONE.log(ROUTER, holder, self._condition31, micro)

    def merge(self, holder: str, micro: int, *, caller: str = ROUTER) -> Iterator[Log]:
        if self._v2:
            yield from self._module_merge(holder, micro, caller=caller)
            return
        yield self._both(self.adapter, holder, self.adapter, micro)
        if self.market.neg_risk:
            yield self._both(NEG_RISK_ADAPTER, self.adapter, NEG_RISK_ADAPTER, micro)
        yield self._both(self._base, self._base, NOBODY, micro)
        yield cash(CONDITIONAL_TOKENS, self._base, micro, token=self._collateral)
        yield self._ctf(abi.CTF_MERGE, micro)
        if self.market.neg_risk:
            yield from self._released(micro)
            yield abi.ADAPTER_MERGE.log(NEG_RISK_ADAPTER, self.adapter, self.market.condition, micro)
        yield from wrapped(self.adapter, holder, micro)

    def _module_merge(self, holder: str, micro: int, *, caller: str) -> Iterator[Log]:
        for token in self._tokens:
            yield self.one(caller, holder, self.module, token, micro)
        yield from self.module_merges(holder, micro, caller=caller)
        if caller == ROUTER:
            yield abi.ROUTER_MERGE_DONE.log(ROUTER, holder, self._condition31, micro)

    def module_merges(self, recipient: str, micro: int, *, caller: str) -> Iterator[Log]:
        """What the module was given of both outcomes."""
        yield cash(NOBODY, recipient, micro)
        for token in self._tokens:
            yield self.one(self.module, self.module, NOBODY, token, micro)
        yield abi.MODULE_MERGE.log(self.module, caller, self._condition31, recipient, micro)

    def redeem(self, holder: str, shares: dict[TokenId, int], paid: int, *, caller: str = ROUTER) -> Iterator[Log]:
        """`shares` of each outcome for `paid` in all."""
        if self._v2:
            yield from self._module_redeem(holder, shares, paid, caller=caller)
            return
        amounts = [shares.get(outcome.token, 0) for outcome in self.market.outcomes]
        yield self._both(self.adapter, holder, self.adapter, amounts)
        if self.market.neg_risk:
            yield self._both(NEG_RISK_ADAPTER, self.adapter, NEG_RISK_ADAPTER, amounts)
        for token, micro in zip(self._tokens, amounts, strict=True):
            if micro:
                yield self.one(self._base, self._base, NOBODY, token, micro)
        if paid:
            yield cash(CONDITIONAL_TOKENS, self._base, paid, token=self._collateral)
        yield abi.CTF_REDEMPTION.log(
            CONDITIONAL_TOKENS, self._base, self._collateral, ZERO_HASH, self.market.condition, _PARTITION, paid
        )
        if self.market.neg_risk:
            yield from self._released(paid)
            yield abi.ADAPTER_REDEMPTION.log(NEG_RISK_ADAPTER, self.adapter, self.market.condition, amounts, paid)
        yield from wrapped(self.adapter, holder, paid)

    def _module_redeem(self, holder: str, shares: dict[TokenId, int], paid: int, *, caller: str) -> Iterator[Log]:
        for token, micro in shares.items():
            yield self.one(caller, holder, self.module, token, micro)
            yield cash(NOBODY, holder, paid)
            yield self.one(self.module, self.module, NOBODY, token, micro)
            yield abi.MODULE_REDEMPTION.log(self.module, caller, int(token), holder, micro, paid)
            if caller == ROUTER:
                yield abi.ROUTER_REDEMPTION_DONE.log(ROUTER, holder, int(token), micro)

    def resolved(self, payouts: Sequence[int], *, oracle: str) -> Log:
        """`payouts` are the two outcomes' shares of one."""
        if self._v2:
            return abi.MODULE_RESOLUTION.log(self.module, self._condition31, list(payouts))
        reporter = NEG_RISK_ADAPTER if self.market.neg_risk else oracle
        return abi.CTF_RESOLUTION.log(
            CONDITIONAL_TOKENS, self.market.condition, reporter, self.market.condition, 2, list(payouts)
        )

    def _released(self, micro: int) -> Iterator[Log]:
        yield cash(NEG_RISK_ADAPTER, NOBODY, micro, token=WRAPPED_COLLATERAL)
        yield cash(WRAPPED_COLLATERAL, self.adapter, micro, token=USDC_E)

    def _ctf(self, event: abi.Event, micro: int) -> Log:
        return event.log(
            CONDITIONAL_TOKENS, self._base, self._collateral, ZERO_HASH, self.market.condition, _PARTITION, micro
        )

    @property
    def _condition31(self) -> str:
        return self.market.condition[:64]


def _module(market: Market) -> str:
    position = decode_position(market.outcomes[0].token)
    return NEG_RISK_MODULE if position and position.module == 2 else BINARY_MODULE
