"""Who may spend what for a wallet, as the Data API lists it. Pure."""

from polybot.polymarket import contracts
from polybot.polymarket.contracts import NEG_RISK, POLYGON, STANDARD, V3
from polybot.simulator.engine.accounts import UNLIMITED, Account
from polybot.simulator.wire.markets import iso
from polybot.simulator.wire.rows import Wire

_PUSD, _CTF, _POSITIONS = contracts.PUSD, contracts.CONDITIONAL_TOKENS, contracts.POSITION_MANAGER
_EXCHANGE, _NEG_RISK, _V3 = STANDARD[POLYGON].address, NEG_RISK[POLYGON].address, V3[POLYGON].address
_PERPS_DEPOSIT = "0xdca4af75705dbb50f62437045aff9921947917d2"
_SPONSOR_REWARDS = "0xdd8db71ce3be8d71ff148b2163d64da181a29e8b"
_OLD_REDEEMER = "0xf3cfb6a6ebfeb51876289eb235719eb1c65252b0"
_COLLATERAL = (
    ("UsdcCtf", "trading", _PUSD, _CTF),
    ("UsdcExchange", "trading", _PUSD, _EXCHANGE),
    ("UsdcNegRiskExchange", "trading", _PUSD, _NEG_RISK),
    ("UsdcNegRiskAdapter", "trading", _PUSD, contracts.NEG_RISK_ADAPTER),
    ("UsdcCollateralAdapter", "trading", _PUSD, contracts.COLLATERAL_ADAPTER),
    ("UsdcNegRiskCollateralAdapter", "trading", _PUSD, contracts.NEG_RISK_COLLATERAL_ADAPTER),
    ("PusdV2Exchange", "trading", _PUSD, _V3),
    ("PusdV2Router", "trading", _PUSD, contracts.ROUTER),
    ("UsdceCollateralOnramp", "trading", contracts.USDC_E, contracts.ONRAMP),
    ("PerpsPusdDeposit", "perps", _PUSD, _PERPS_DEPOSIT),
    ("SponsorRewards", "rewards", _PUSD, _SPONSOR_REWARDS),
)
_SHARES = (
    ("CtfExchangeIsApprovedForAll", "trading", _CTF, _EXCHANGE),
    ("CtfNegRiskExchangeIsApprovedForAll", "trading", _CTF, _NEG_RISK),
    ("CtfNegRiskAdapterIsApprovedForAll", "trading", _CTF, contracts.NEG_RISK_ADAPTER),
    ("CtfCollateralAdapterIsApprovedForAll", "trading", _CTF, contracts.COLLATERAL_ADAPTER),
    ("CtfNegRiskCollateralAdapterIsApprovedForAll", "trading", _CTF, contracts.NEG_RISK_COLLATERAL_ADAPTER),
    ("V2PositionManagerRouterIsApprovedForAll", "trading", _POSITIONS, contracts.ROUTER),
    ("V2PositionManagerExchangeIsApprovedForAll", "trading", _POSITIONS, _V3),
    ("AutoRedeemCtfOperator", "auto-redeem", _CTF, _OLD_REDEEMER),
    ("AutoRedeemCtfV2Redeemer", "auto-redeem", _CTF, contracts.AUTO_REDEEMER),
    ("AutoRedeemV2PositionManagerV2Redeemer", "auto-redeem", _POSITIONS, contracts.AUTO_REDEEMER),
    ("CtfBinaryModuleIsApprovedForAll", "trading", _CTF, contracts.BINARY_MODULE),
    ("CtfNegRiskModuleIsApprovedForAll", "trading", _CTF, contracts.NEG_RISK_MODULE),
)
"""As listed in September 2026: id, feature, token, spender."""


def approvals(wallet: str, account: Account | None, *, at_ns: int) -> Wire:
    """GET /v2/approvals. What trading needs says "max" even where it is not approved; the rest the allowance."""
    erc20 = [_erc20(entry, account) for entry in _COLLATERAL]
    erc1155 = [
        {**_head(entry), "standard": "ERC1155", "approved": _operates(entry[2], entry[3], account)} for entry in _SHARES
    ]
    return {"address": wallet, "chain_id": POLYGON, "checked_at": iso(at_ns), "contracts": [*erc20, *erc1155]}


def _erc20(entry: tuple[str, str, str, str], account: Account | None) -> Wire:
    allowance = _allowance(entry[2], entry[3].lower(), account)
    trading = entry[1] == "trading"
    amount = "max" if trading or allowance == UNLIMITED else str(allowance)
    approved = allowance >= UNLIMITED // 2 if trading else allowance > 0
    return {**_head(entry), "standard": "ERC20", "amount": amount, "approved": approved}


def _allowance(token: str, spender: str, account: Account | None) -> int:
    if account is None:
        return 0
    allowances = account.usdc_e_allowances if token == contracts.USDC_E else account.allowances
    return allowances.get(spender, 0)


def _operates(contract: str, operator: str, account: Account | None) -> bool:
    return account is not None and (contract.lower(), operator.lower()) in account.operators


def _head(entry: tuple[str, str, str, str]) -> Wire:
    name, feature, token, spender = entry
    return {"id": name, "feature": feature, "token": token.lower(), "spender": spender.lower()}
