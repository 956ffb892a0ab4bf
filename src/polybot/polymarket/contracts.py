"""Polymarket's contracts, and which exchange an order is signed for (official Python client 0.14.0)."""

from dataclasses import dataclass, field

from polybot.core.ids import TokenId
from polybot.polymarket.token_ids import decode_position
from polybot.polymarket.typed_data import domain_separator

POLYGON = 137
AMOY = 80002

NEG_RISK_ADAPTER = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296"


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
