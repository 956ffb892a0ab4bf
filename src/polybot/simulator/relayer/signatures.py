"""What wallets' owners sign for the relayer, recomputed: who signed which calls. Pure.

Layouts of the official Python client 0.14.0; proven on requests recorded from it.
"""

from collections.abc import Sequence

from polybot.core.ids import Wallet
from polybot.polymarket import session_keys
from polybot.polymarket.contracts import POLYGON, SAFE_FACTORY
from polybot.polymarket.signing import BadSignature, recover_signer
from polybot.polymarket.typed_data import address_bytes, address_word, domain_separator, keccak, typed_digest, word
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies

_CALL_KIND = b"Call(address target,uint256 value,bytes data)"
_CALL_TYPE = keccak(_CALL_KIND)
_BATCH_TYPE = keccak(b"Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)" + _CALL_KIND)
_SAFE_TYPE = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,"
    b"uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_SAFE_DOMAIN_TYPE = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_CREATE_TYPE = keccak(b"CreateProxy(address paymentToken,uint256 payment,address paymentReceiver)")
_CREATE_DOMAIN = keccak(
    keccak(b"EIP712Domain(string name,uint256 chainId,address verifyingContract)")
    + keccak(b"Polymarket Contract Proxy Factory")
    + word(POLYGON)
    + address_word(SAFE_FACTORY)
)
_SAFE_PERSONAL = 4
"""A Safe's signature of a personal message has its v raised by this."""


def batch_signer(wallet: str, *, nonce: int, deadline_s: int, calls: Sequence[Call], signature: bytes) -> Wallet:
    """Who signed this batch of a deposit wallet; one who says to be a session key has to be it. BadSignature."""
    domain = domain_separator(name="DepositWallet", version="1", chain_id=POLYGON, contract=wallet)
    hashes = [keccak(_CALL_TYPE + address_word(call.target) + word(call.value) + keccak(call.data)) for call in calls]
    batch = _BATCH_TYPE + address_word(wallet) + word(nonce) + word(deadline_s) + keccak(b"".join(hashes))
    session_key = None
    if session_keys.is_wrapped(signature):
        session_key, signature = session_keys.unwrap(signature)
    signer = _recovered(typed_digest(domain, keccak(batch)), signature)
    if session_key not in {None, signer}:
        raise BadSignature(f"{session_key} is said to have signed, but {signer} did")
    return signer


def proxy_signer(body: bodies.Proxy) -> Wallet:
    """Who signed this call of the proxy factory; BadSignature."""
    numbers = (body.params.relayer_fee, body.params.gas_price, body.params.gas_limit, body.nonce)
    message = b"".join(
        (
            b"rlx:",
            address_bytes(body.sender),
            address_bytes(body.to),
            bytes.fromhex(body.data[2:]),
            *(word(int(number)) for number in numbers),
            address_bytes(body.params.relay_hub),
            address_bytes(body.params.relay),
        )
    )
    return _recovered(_personal(keccak(message)), bytes.fromhex(body.signature[2:]))


def safe_signer(body: bodies.Safe) -> Wallet:
    """Who signed this transaction of a Safe; BadSignature."""
    params = body.params
    domain = keccak(_SAFE_DOMAIN_TYPE + word(POLYGON) + address_word(body.wallet))
    fields = (
        _SAFE_TYPE,
        address_word(body.to),
        word(int(body.value)),
        keccak(bytes.fromhex(body.data[2:])),
        word(int(params.operation)),
        word(int(params.safe_txn_gas)),
        word(int(params.base_gas)),
        word(int(params.gas_price)),
        address_word(params.gas_token),
        address_word(params.refund_receiver),
        word(int(body.nonce)),
    )
    signature = bytes.fromhex(body.signature[2:])
    if len(signature) != 65 or signature[64] not in (31, 32):
        raise BadSignature("a Safe's signature is not 65 bytes r, s, v with v 31 or 32")
    signature = signature[:64] + bytes([signature[64] - _SAFE_PERSONAL])
    return _recovered(_personal(typed_digest(domain, keccak(b"".join(fields)))), signature)


def safe_create_signer(body: bodies.SafeCreate) -> Wallet:
    """Who signed the making of a Safe; BadSignature."""
    params = body.params
    fields = address_word(params.payment_token) + word(int(params.payment)) + address_word(params.payment_receiver)
    digest = typed_digest(_CREATE_DOMAIN, keccak(_CREATE_TYPE + fields))
    return _recovered(digest, bytes.fromhex(body.signature[2:]))


def _personal(digest: bytes) -> bytes:
    return keccak(b"\x19Ethereum Signed Message:\n32" + digest)


def _recovered(digest: bytes, signature: bytes) -> Wallet:
    return Wallet(recover_signer(digest, signature).lower())
