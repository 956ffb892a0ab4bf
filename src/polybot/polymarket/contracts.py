"""Polymarket's contracts, and which exchange an order is signed for (official Python client 0.14.0)."""

from dataclasses import dataclass, field

from polybot.core.ids import TokenId
from polybot.polymarket.token_ids import decode_position
from polybot.polymarket.typed_data import domain_separator

POLYGON = 137
AMOY = 80002

PUSD = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
"""The collateral, six decimals, one to one with USDC."""
USDC_E = "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"
USDC = "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359"
ONRAMP = "0x93070a847efEf7F70739046A929D47a521F5B8ee"
OFFRAMP = "0x2957922Eb93258b93368531d39fAcCA3B4dC5854"
CONDITIONAL_TOKENS = "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"
"""ERC-1155 of version 1 positions."""
POSITION_MANAGER = "0x006F54F7f9A22e0000CC2AB60031000000ae9fEF"
"""ERC-1155 of version 2 positions."""
COLLATERAL_ADAPTER = "0xAdA100Db00Ca00073811820692005400218FcE1f"
NEG_RISK_COLLATERAL_ADAPTER = "0xadA2005600Dec949baf300f4C6120000bDB6eAab"
NEG_RISK_ADAPTER = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296"
"""Retired, but the CLOB was last seen asking for its allowance in neg-risk markets."""
ROUTER = "0x12121212006e4CD160D18e3f00711DA5c3372600"
BINARY_MODULE = "0x1000008dD9001B968442c1000017eaE6E0dA00Ba"
NEG_RISK_MODULE = "0x200000900045e3B6259600682756002200028933"
AUTO_REDEEMER = "0xa1200000d0002264C9a1698e001292D00E1b00af"
DEPOSIT_FACTORY = "0x00000000000Fb5C9ADea0298D729A0CB3823Cc07"
PROXY_FACTORY = "0xaB45c5A4B0c941a2F231C04C3f49182e1A254052"
SAFE_FACTORY = "0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b"
SAFE_MULTISEND = "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761"
RELAY_HUB = "0xD216153c06E857cD7f72665E0aF1d7D82172F494"


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange contract and its signing domain; `version` is the domain's, "3" only for ExchangeV3."""

    name: str
    version: str
    address: str
    chain_id: int
    domain: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        domain = domain_separator(
            name="Polymarket CTF Exchange", version=self.version, chain_id=self.chain_id, contract=self.address
        )
        object.__setattr__(self, "domain", domain)


_STANDARD = "0xE111180000d2663C0091e4f400237545B87B996B"
_NEG_RISK = "0xe2222d279d744050d28e00520010520000310F59"
_V3 = {POLYGON: "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa", AMOY: "0x9fE6e61422AdB6F610d8597F9684b16912D50C3D"}

STANDARD = {chain: Exchange("CTFExchangeV2", "2", _STANDARD, chain) for chain in _V3}
NEG_RISK = {chain: Exchange("NegRiskCtfExchangeV2", "2", _NEG_RISK, chain) for chain in _V3}
V3 = {chain: Exchange("ExchangeV3", "3", address, chain) for chain, address in _V3.items()}


def exchange_for(token: TokenId, *, neg_risk: bool, chain_id: int = POLYGON) -> Exchange:
    """Where orders for `token` are signed. The shape of the id comes first: a v2 position trades on ExchangeV3
    whatever `neg_risk` says. ValueError for an id that is neither shape, or another chain."""
    if chain_id not in _V3:
        raise ValueError(f"chain_id {chain_id} is not {POLYGON} (Polygon) or {AMOY} (Amoy)")
    if decode_position(token) is not None:
        return V3[chain_id]
    return (NEG_RISK if neg_risk else STANDARD)[chain_id]


_NAMES = {
    PUSD: "pUSD",
    USDC_E: "USDC.e",
    ONRAMP: "CollateralOnramp (makes pUSD of USDC.e)",
    OFFRAMP: "CollateralOfframp (makes USDC.e of pUSD)",
    CONDITIONAL_TOKENS: "ConditionalTokens (version 1 shares)",
    POSITION_MANAGER: "PositionManager (version 2 shares)",
    COLLATERAL_ADAPTER: "CtfCollateralAdapter (splits, merges and redeems ordinary markets)",
    NEG_RISK_COLLATERAL_ADAPTER: "NegRiskCtfCollateralAdapter (splits, merges and redeems neg-risk markets)",
    NEG_RISK_ADAPTER: "NegRiskAdapter (still asked for in neg-risk markets)",
    ROUTER: "Router (splits, merges and redeems version 2 markets)",
    BINARY_MODULE: "BinaryModule (moves version 1 shares to version 2)",
    NEG_RISK_MODULE: "NegRiskModule (moves neg-risk shares to version 2)",
    AUTO_REDEEMER: "AutoRedeemer (redeems winnings by itself)",
    _STANDARD: "CTFExchangeV2 (ordinary markets)",
    _NEG_RISK: "NegRiskCtfExchangeV2 (neg-risk markets)",
    _V3[POLYGON]: "ExchangeV3 (version 2 markets)",
}
_NAME_OF = {address.lower(): name for address, name in _NAMES.items()}


def contract_name(address: str) -> str | None:
    """Name and duty of a contract of Polymarket's on Polygon; None for an address that this release does not know."""
    return _NAME_OF.get(address.lower())
