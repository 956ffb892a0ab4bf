"""The wallets that Polymarket derives from a signing EOA (CREATE2), and checksummed addresses.

Constants of the official Python client 0.14.0; only a wallet derived here can trade for the EOA.
"""

from functools import lru_cache

from polybot.core.ids import Wallet, parse_wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import DEPOSIT_FACTORY, PROXY_FACTORY, SAFE_FACTORY
from polybot.polymarket.typed_data import address_bytes, address_word, keccak

_PROXY_FACTORY = address_bytes(PROXY_FACTORY)
_PROXY_INIT_HASH = bytes.fromhex("d21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b")
_SAFE_FACTORY = address_bytes(SAFE_FACTORY)
_SAFE_INIT_HASH = bytes.fromhex("2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf")
_BEACON_INIT = bytes.fromhex(
    "6100923d8160233d39737a18edfe055488a3128f01f563e5b479d92ffc3a"
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)
_UUPS_INIT = bytes.fromhex(
    "61007d3d8160233d397358ca52ebe0dadfdf531cde7062e76746de4db1eb6009"
    "5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)


@lru_cache(maxsize=4096)
def checksum(address: str) -> str:
    """The address in EIP-55 mixed case; ValueError if it is none."""
    low = parse_wallet(address)[2:]
    digest = keccak(low.encode()).hex()
    return "0x" + "".join(c.upper() if nibble > "7" else c for c, nibble in zip(low, digest, strict=False))


def derive_proxy(eoa: str) -> Wallet:
    """Proxy wallet of an email (Magic) account, signature type 1."""
    return _create2(_PROXY_FACTORY, salt=keccak(address_bytes(eoa)), init_hash=_PROXY_INIT_HASH)


def derive_safe(eoa: str) -> Wallet:
    """1-of-1 Gnosis Safe of a browser-wallet account, signature type 2."""
    return _create2(_SAFE_FACTORY, salt=keccak(address_word(eoa)), init_hash=_SAFE_INIT_HASH)


def derive_deposit(eoa: str) -> Wallet:
    """Deposit wallet, signature type 3: the beacon proxy that accounts get since 2026-06-29."""
    return _deposit(eoa, init=_BEACON_INIT)


def derive_old_deposit(eoa: str) -> Wallet:
    """Deposit wallet of an account made before 2026-06-29 (UUPS proxy), signature type 3."""
    return _deposit(eoa, init=_UUPS_INIT)


def funders(eoa: str, signature_type: SignatureType) -> tuple[Wallet, ...]:
    """Every wallet that `eoa` can trade for with this signature type, today's form first."""
    match signature_type:
        case SignatureType.EOA:
            return (parse_wallet(eoa),)
        case SignatureType.POLY_PROXY:
            return (derive_proxy(eoa),)
        case SignatureType.POLY_GNOSIS_SAFE:
            return (derive_safe(eoa),)
        case SignatureType.POLY_1271:
            return derive_deposit(eoa), derive_old_deposit(eoa)


def funder_for(eoa: str, signature_type: SignatureType) -> Wallet:
    """The wallet a new account of this type would get."""
    return funders(eoa, signature_type)[0]


def _deposit(eoa: str, *, init: bytes) -> Wallet:
    args = address_word(DEPOSIT_FACTORY) + address_word(eoa)
    return _create2(address_bytes(DEPOSIT_FACTORY), salt=keccak(args), init_hash=keccak(init + args))


def _create2(factory: bytes, *, salt: bytes, init_hash: bytes) -> Wallet:
    return Wallet("0x" + keccak(b"\xff" + factory + salt + init_hash)[12:].hex())
