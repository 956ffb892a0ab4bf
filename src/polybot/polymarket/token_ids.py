"""Outcome token ids: CTF tokens of v1 markets (hashes) and position ids of v2 markets (structured)."""

from dataclasses import dataclass

from polybot.core.ids import ConditionId, TokenId
from polybot.polymarket.typed_data import address_bytes, keccak, word

USDC_E = "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"
"""Collateral under the CTF tokens of ordinary v1 markets."""
WRAPPED_COLLATERAL = "0x3A3BD7bb9528E159577F7C2e685CC81A765002E2"
"""Collateral under the CTF tokens of neg-risk v1 markets."""

NEG_RISK_ORACLE = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296"
"""The retired NegRiskAdapter."""

_UINT256 = 1 << 256
_RESERVED = ((1 << 64) - 1) << 40
_MODULES = {1: "binary", 2: "neg-risk", 3: "combo"}
_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583  # of alt_bn128


@dataclass(frozen=True, slots=True)
class V2Position:
    """A decoded position id: `module` 1 binary, 2 neg-risk, 3 combo; `outcome` 0 YES, 1 NO.

    `condition` is the id without its last byte: 0x and 62 hex digits.
    """

    module: int
    condition: ConditionId
    outcome: int


def parse_token(token: TokenId) -> int:
    """The id as a number; ValueError unless it is the decimal text of a uint256."""
    number = int(token) if token.isascii() and token.isdigit() else _UINT256
    if number >= _UINT256:
        raise ValueError(f"token {token!r} is not a decimal uint256: take the id that Gamma or the CLOB gives")
    return number


def has_v2_shape(number: int) -> bool:
    """The official client's test: the 64 reserved bits of a position id are zero, those of a hash are not."""
    return not number & _RESERVED


def decode_position(token: TokenId) -> V2Position | None:
    """None for the id of a v1 market. ValueError for an id that is neither: reserved bits zero, but no known
    module or an outcome other than YES and NO."""
    number = parse_token(token)
    if not has_v2_shape(number):
        return None
    module, outcome = number >> 248, number & 0xFF
    if module not in _MODULES:
        raise ValueError(f"token {token} is no CTF token, and as a position id its module {module} is not 1, 2 or 3")
    if outcome > 1:
        raise ValueError(f"token {token} is a position id with outcome {outcome}, not 0 (YES) or 1 (NO)")
    return V2Position(module=module, condition=ConditionId(f"0x{number >> 8:062x}"), outcome=outcome)


def v2_position_id(*, module: int, base_hash: bytes, outcome: int, arity: int = 0, index: int = 0) -> TokenId:
    """A well-formed id on Polygon: `base_hash` 16 bytes, `arity` and `index` number the conditions of a
    neg-risk event."""
    if module not in _MODULES or outcome not in (0, 1) or len(base_hash) != 16:
        raise ValueError(f"no position id has module {module}, outcome {outcome} and {len(base_hash)} bytes of hash")
    head = bytes([module]) + base_hash + arity.to_bytes(2, "big")
    return TokenId(str(int.from_bytes(head + bytes(10) + index.to_bytes(2, "big") + bytes([outcome]), "big")))


def neg_risk_condition(group: str, *, index: int) -> ConditionId:
    """The condition of question `index` (0 to 255) of a version 1 neg-risk market, whose id ends in 00: that byte
    numbers the questions, and their oracle is the retired NegRiskAdapter."""
    question = bytes.fromhex(group[2:])[:31] + bytes([index])
    return ConditionId("0x" + keccak(address_bytes(NEG_RISK_ORACLE) + question + word(2)).hex())


def ctf_token_id(condition: ConditionId, *, outcome: int, neg_risk: bool) -> TokenId:
    """The ERC-1155 id of outcome 0 or 1 of a v1 market, as the ConditionalTokens contract derives it."""
    collection = _collection_id(bytes.fromhex(condition[2:]), index_set=1 << outcome)
    collateral = address_bytes(WRAPPED_COLLATERAL if neg_risk else USDC_E)
    return TokenId(str(int.from_bytes(keccak(collateral + collection), "big")))


def _collection_id(condition: bytes, *, index_set: int) -> bytes:
    """A point on alt_bn128 found from the hash, compressed: bit 254 is the parity of y."""
    start = int.from_bytes(keccak(condition + word(index_set)), "big")
    x = (start + 1) % _FIELD
    while not _on_curve(x):
        x = (x + 1) % _FIELD
    odd = start >> 255
    return word(x ^ odd << 254)


def _on_curve(x: int) -> bool:
    """Whether x^3 + 3 has a square root in the field."""
    square = (x * x * x + 3) % _FIELD
    return square == 0 or pow(square, (_FIELD - 1) // 2, _FIELD) == 1
