"""What a wallet may have to do besides trading: approve, wrap, split, merge, redeem, convert, name session keys.

Contracts and calldata of the official Python client 0.14.0; wrapping as the ramps' sources have it. Amounts are
micro-units.
"""

from collections.abc import Mapping

from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import Market, MarketVersion
from polybot.core.money import Shares, Usdc
from polybot.polymarket.abi import UINT256_MAX, call_data
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    BINARY_MODULE,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    NEG_RISK_MODULE,
    OFFRAMP,
    ONRAMP,
    POLYGON,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    STANDARD,
    USDC_E,
    V3,
    contract_name,
)
from polybot.polymarket.wallets import checksum
from polybot.ports.wallet import Approval, Call, Standard

_ZERO_WORD = bytes(32)
_BOTH_OUTCOMES = [1, 2]


def _money(spender: str) -> Approval:
    return Approval(Standard.ERC20, PUSD, spender)


def _shares(token: str, operator: str) -> Approval:
    return Approval(Standard.ERC1155, token, operator)


TRADING: tuple[Approval, ...] = (
    _money(STANDARD[POLYGON].address),
    _shares(CONDITIONAL_TOKENS, STANDARD[POLYGON].address),
    _money(NEG_RISK[POLYGON].address),
    # The CLOB was last seen asking for the retired adapter's allowance before a neg-risk BUY (py-sdk issue 305).
    _money(NEG_RISK_ADAPTER),
    _shares(CONDITIONAL_TOKENS, NEG_RISK[POLYGON].address),
    _shares(CONDITIONAL_TOKENS, NEG_RISK_ADAPTER),
    _money(V3[POLYGON].address),
    _shares(POSITION_MANAGER, V3[POLYGON].address),
)
"""Without these some market cannot be traded."""

CLOSING: tuple[Approval, ...] = (
    _money(COLLATERAL_ADAPTER),
    _money(NEG_RISK_COLLATERAL_ADAPTER),
    _money(ROUTER),
    _shares(CONDITIONAL_TOKENS, COLLATERAL_ADAPTER),
    _shares(CONDITIONAL_TOKENS, NEG_RISK_COLLATERAL_ADAPTER),
    _shares(CONDITIONAL_TOKENS, AUTO_REDEEMER),
    _shares(CONDITIONAL_TOKENS, BINARY_MODULE),
    _shares(CONDITIONAL_TOKENS, NEG_RISK_MODULE),
    _shares(POSITION_MANAGER, ROUTER),
    _shares(POSITION_MANAGER, AUTO_REDEEMER),
)
"""With these positions can end without a trade: split, merged, redeemed, by us or by Polymarket's redeemer."""


def approve(approval: Approval) -> Call:
    """Without limit, as Polymarket's own site grants it."""
    spender = contract_name(approval.spender) or f"the UNKNOWN contract {checksum(approval.spender)}"
    token = contract_name(approval.token) or f"token {checksum(approval.token)}"
    if approval.standard is Standard.ERC20:
        data = call_data("approve(address,uint256)", approval.spender, UINT256_MAX)
        return Call(approval.token, data, f"let {spender} spend your {token}, without limit")
    data = call_data("setApprovalForAll(address,bool)", approval.spender, True)
    return Call(approval.token, data, f"let {spender} move all your shares in {token}")


def wrap(wallet: Wallet, amount: Usdc) -> tuple[Call, ...]:
    """USDC.e of the wallet becomes pUSD of the wallet."""
    allow = call_data("approve(address,uint256)", ONRAMP, amount.micro)
    return (
        Call(USDC_E, allow, f"let {contract_name(ONRAMP)} take {amount} USDC.e"),
        Call(
            ONRAMP,
            call_data("wrap(address,address,uint256)", USDC_E, wallet, amount.micro),
            f"make pUSD of {amount} USDC.e",
        ),
    )


def unwrap(wallet: Wallet, amount: Usdc) -> tuple[Call, ...]:
    """pUSD of the wallet becomes USDC.e of the wallet."""
    allow = call_data("approve(address,uint256)", OFFRAMP, amount.micro)
    return (
        Call(PUSD, allow, f"let {contract_name(OFFRAMP)} take {amount} pUSD"),
        Call(
            OFFRAMP,
            call_data("unwrap(address,address,uint256)", USDC_E, wallet, amount.micro),
            f"make USDC.e of {amount} pUSD",
        ),
    )


def split(market: Market, amount: Usdc) -> Call:
    """`amount` pUSD becomes as many shares of each outcome."""
    words = f"turn {amount} pUSD into {amount} shares of each outcome of {market.slug or market.condition}"
    if market.version is MarketVersion.V2:
        return Call(ROUTER, call_data("split(bytes31,uint256)", _short(market.condition), amount.micro), words)
    return Call(_adapter(market), _both("splitPosition", market, amount.micro), words)


def merge(market: Market, shares: Shares) -> Call:
    """`shares` of each outcome become as much pUSD."""
    words = f"turn {shares} shares of each outcome of {market.slug or market.condition} into {shares} pUSD"
    if market.version is MarketVersion.V2:
        return Call(ROUTER, call_data("merge(bytes31,uint256)", _short(market.condition), shares.micro), words)
    return Call(_adapter(market), _both("mergePositions", market, shares.micro), words)


def redeem(market: Market, held: Mapping[int, Shares]) -> tuple[Call, ...]:
    """Cash in a resolved market. `held`: shares by outcome 0 or 1; version 1 contracts take all the wallet holds."""
    words = f"cash in {{}} of {market.slug or market.condition}"
    if market.version is MarketVersion.V2:
        condition = _short(market.condition)
        return tuple(
            Call(
                ROUTER,
                call_data("redeem(bytes31,uint256,uint256)", condition, outcome, shares.micro),
                words.format(f"{shares} {market.outcomes[outcome].name} shares"),
            )
            for outcome, shares in sorted(held.items())
        )
    function = "redeemPositions(address,bytes32,bytes32,uint256[])"
    data = call_data(function, PUSD, _ZERO_WORD, _condition(market.condition), _BOTH_OUTCOMES)
    return (Call(_adapter(market), data, words.format("all shares")),)


def convert(group: str, *, index_set: int, shares: Shares) -> Call:
    """NO shares of the neg-risk event `group` (32 bytes as 0x-hex), of the questions whose bits `index_set` has,
    become YES shares of its other questions, and pUSD."""
    data = call_data(
        "convertPositions(bytes32,uint256,uint256)", _condition(ConditionId(group)), index_set, shares.micro
    )
    count = index_set.bit_count()
    words = f"turn {shares} NO shares of each of {count} questions of {group} into YES shares of the others and pUSD"
    return Call(NEG_RISK_COLLATERAL_ADAPTER, data, words)


def authorize_session_key(wallet: Wallet, session_key: str, *, valid_until_s: int) -> Call:
    data = call_data("authorizeSessionSigner(address,uint256)", session_key, valid_until_s)
    words = f"let the key {checksum(session_key)} act for this wallet until Unix second {valid_until_s}"
    return Call(checksum(wallet), data, words)


def revoke_session_key(wallet: Wallet, session_key: str) -> Call:
    data = call_data("revokeSessionSigner(address)", session_key)
    return Call(checksum(wallet), data, f"let the key {checksum(session_key)} act for this wallet no more")


def _both(function: str, market: Market, micro: int) -> bytes:
    """The adapters read only the condition and the amount; the rest is what the old contract's interface asks for."""
    arguments = (PUSD, _ZERO_WORD, _condition(market.condition), _BOTH_OUTCOMES, micro)
    return call_data(f"{function}(address,bytes32,bytes32,uint256[],uint256)", *arguments)


def _adapter(market: Market) -> str:
    return NEG_RISK_COLLATERAL_ADAPTER if market.neg_risk else COLLATERAL_ADAPTER


def _condition(condition: ConditionId) -> bytes:
    raw = bytes.fromhex(condition.removeprefix("0x"))
    if len(raw) != 32:
        raise ValueError(f"condition {condition!r} is not 32 bytes of hex")
    return raw


def _short(condition: ConditionId) -> bytes:
    """The 31 bytes of a version 2 condition, which is also shown with a zero byte at its end."""
    raw = bytes.fromhex(condition.removeprefix("0x"))
    if len(raw) not in (31, 32) or raw[31:] not in (b"", b"\0"):
        raise ValueError(f"condition {condition!r} is not the 31 bytes of a version 2 condition")
    return raw[:31]
