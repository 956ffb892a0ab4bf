"""What the contracts answer when they are only asked (eth_call), out of the exchange's accounts as they are mined."""

from collections.abc import Callable, Mapping
from typing import Any

from eth_abi.abi import encode

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket import contracts
from polybot.polymarket.contracts import (
    CONDITIONAL_TOKENS,
    DEPOSIT_FACTORY,
    NEG_RISK_ADAPTER,
    POSITION_MANAGER,
    PUSD,
    USDC,
    USDC_E,
)
from polybot.polymarket.token_ids import decode_position
from polybot.simulator.chain.abi import Function
from polybot.simulator.chain.contracts import Call, Contracts, Reverted
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.exchange import Exchange

BEACON = "0x7a18edfe055488a3128f01f563e5b479d92ffc3a"
_BEACON_GETTER = bytes.fromhex("49493a4d")
_CODE = "0x60806040526004361061000d"
_WALLET_CODE = "0x363d3d373d3d363d602036600436635c60da1b60e01b36527fa3f0ad74e5423aeb"
_TOKENS = {PUSD.lower(): "pUSD", USDC_E.lower(): "USDC.e", USDC.lower(): "USDC"}
_SHARES = {CONDITIONAL_TOKENS.lower(): False, NEG_RISK_ADAPTER.lower(): False, POSITION_MANAGER.lower(): True}
"""Whether its positions are version 2's. The retired adapter passes questions on to ConditionalTokens: the official
client asks it for neg-risk balances."""
CONTRACTS = frozenset(
    value.lower() for name, value in vars(contracts).items() if name.isupper() and isinstance(value, str)
) | {exchange[contracts.POLYGON].address.lower() for exchange in (contracts.STANDARD, contracts.NEG_RISK, contracts.V3)}


class State:
    def __init__(self, exchange: Exchange, rehearse: Contracts, *, nonce_of: Callable[[Wallet], int]) -> None:
        """`nonce_of` is a wallet contract's own count of what it did."""
        self._exchange = exchange
        self._rehearse = rehearse
        self._nonce_of = nonce_of

    def code(self, address: str) -> str:
        if address in CONTRACTS:
            return _CODE
        return _WALLET_CODE if self._wallet(address) else "0x"

    def call(self, *, sender: str, to: str, value: int, data: bytes) -> bytes:
        """What it returns; Reverted. A call that would change something is rehearsed and returns nothing."""
        if to.lower() == DEPOSIT_FACTORY.lower() and data[:4] == _BEACON_GETTER:
            return encode(["address"], [BEACON])
        for function, holds, answer in _GETTERS:
            if data[:4] == function.selector and holds(to.lower()):
                return answer(self, to.lower(), *_arguments(function, data))
        if data[:4] == _NONCE.selector and self._wallet(to):
            return encode(["uint256"], [self._nonce_of(Wallet(to.lower()))])
        if self.code(to.lower()) == "0x":
            return b""
        self._rehearse.rehearse(Wallet(sender.lower()), [Call(to, value, data)])
        return b""

    def _wallet(self, address: str) -> Account | None:
        """A wallet that is a contract and exists."""
        account = self._account(address)
        contract = account is not None and account.signature_type is not SignatureType.EOA and account.deployed
        return account if contract else None

    def _account(self, address: str) -> Account | None:
        return self._exchange.accounts.find(Wallet(address.lower()))

    # getters

    def decimals(self, _contract: str) -> bytes:
        return encode(["uint8"], [6])

    def symbol(self, contract: str) -> bytes:
        return encode(["string"], [_TOKENS[contract]])

    def balance_of(self, contract: str, owner: str) -> bytes:
        account = self._account(owner)
        micro = 0 if account is None else _cash(account, contract)
        return encode(["uint256"], [max(0, micro)])

    def allowance(self, contract: str, owner: str, spender: str) -> bytes:
        account = self._account(owner)
        found: Mapping[str, int] = {}
        if account and contract == PUSD.lower():
            found = account.allowances
        elif account and contract == USDC_E.lower():
            found = account.usdc_e_allowances
        return encode(["uint256"], [found.get(spender.lower(), 0)])

    def shares_of(self, contract: str, owner: str, token: int) -> bytes:
        return encode(["uint256"], [self._shares(contract, owner, token)])

    def shares_of_many(self, contract: str, owners: list[str], tokens: list[int]) -> bytes:
        if len(owners) != len(tokens):
            raise Reverted("ERC1155: accounts and ids length mismatch")
        pairs = zip(owners, tokens, strict=True)
        return encode(["uint256[]"], [[self._shares(contract, owner, token) for owner, token in pairs]])

    def approved_for_all(self, contract: str, owner: str, operator: str) -> bytes:
        account = self._account(owner)
        return encode(["bool"], [account is not None and (contract, operator.lower()) in account.operators])

    def payout_denominator(self, _contract: str, condition: bytes) -> bytes:
        return encode(["uint256"], [sum(self._payouts(condition))])

    def payout_numerator(self, _contract: str, condition: bytes, outcome: int) -> bytes:
        payouts = self._payouts(condition)
        if outcome >= len(payouts):
            raise Reverted("invalid opcode")
        return encode(["uint256"], [payouts[outcome]])

    def _payouts(self, condition: bytes) -> list[int]:
        market = self._exchange.market(ConditionId("0x" + condition.hex()))
        if market is None or not market.closed:
            return [0, 0]
        return [int(market.winner in {None, outcome.token}) for outcome in market.outcomes]

    def _shares(self, contract: str, owner: str, token: int) -> int:
        account, name = self._account(owner), TokenId(str(token))
        if account is None or self._exchange.market_of(name) is None:
            return 0
        here = (decode_position(name) is not None) is _SHARES[contract]
        return max(0, account.chain_held_micro(name)) if here else 0


def _cash(account: Account, contract: str) -> int:
    if contract == PUSD.lower():
        return account.chain_cash_micro
    return account.usdc_e_micro if contract == USDC_E.lower() else 0


def _arguments(function: Function, data: bytes) -> tuple[Any, ...]:
    try:
        return function.arguments(data)
    except ValueError:
        raise Reverted("arguments do not decode") from None


def _is_ctf(contract: str) -> bool:
    return contract == CONDITIONAL_TOKENS.lower()


_NONCE = Function("nonce")
_GETTERS: tuple[tuple[Function, Callable[[str], bool], Callable[..., bytes]], ...] = (
    (Function("decimals"), _TOKENS.__contains__, State.decimals),
    (Function("symbol"), _TOKENS.__contains__, State.symbol),
    (Function("balanceOf", "address"), _TOKENS.__contains__, State.balance_of),
    (Function("allowance", "address", "address"), _TOKENS.__contains__, State.allowance),
    (Function("balanceOf", "address", "uint256"), _SHARES.__contains__, State.shares_of),
    (Function("balanceOfBatch", "address[]", "uint256[]"), _SHARES.__contains__, State.shares_of_many),
    (Function("isApprovedForAll", "address", "address"), _SHARES.__contains__, State.approved_for_all),
    (Function("payoutDenominator", "bytes32"), _is_ctf, State.payout_denominator),
    (Function("payoutNumerators", "bytes32", "uint256"), _is_ctf, State.payout_numerator),
)
