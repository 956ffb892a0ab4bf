"""The bodies of POST /submit and of the session keys' routes, read strictly."""

from typing import Annotated, TypeAlias, TypeVar

import msgspec

from polybot.simulator.rest.replies import refuse

MAX_METADATA = 500

Address: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{40}$")]
Hex: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^0x([0-9a-fA-F]{2})*$")]
Number: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,78}$")]
Seconds: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}$")]
Metadata: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_METADATA)]
B = TypeVar("B")


class WireCall(msgspec.Struct):
    target: Address
    value: Number
    data: Hex


class BatchParams(msgspec.Struct, rename="camel"):
    deposit_wallet: Address
    deadline: Seconds
    calls: list[WireCall]


class ProxyParams(msgspec.Struct, rename="camel"):
    gas_limit: Number
    gas_price: Number
    relay: Address
    relay_hub: Address
    relayer_fee: Number


class SafeParams(msgspec.Struct, rename="camel"):
    base_gas: Number
    gas_price: Number
    gas_token: Address
    operation: Number
    refund_receiver: Address
    safe_txn_gas: Number


class CreateParams(msgspec.Struct, rename="camel"):
    payment_token: Address
    payment: Number
    payment_receiver: Address


# What one kind does not have is empty there, so that all can be told alike.


class Wallet(
    msgspec.Struct, tag="WALLET", tag_field="type", rename={"sender": "from", "params": "depositWalletParams"}
):
    sender: Address
    to: Address
    nonce: Number
    signature: Hex
    params: BatchParams
    metadata: Metadata = ""
    data: Hex = "0x"


class WalletCreate(msgspec.Struct, tag="WALLET-CREATE", tag_field="type", rename={"sender": "from"}):
    sender: Address
    to: Address
    metadata: Metadata = ""
    data: Hex = "0x"
    nonce: str = ""
    signature: Hex = "0x"


_SIGNED_FOR = {"sender": "from", "wallet": "proxyWallet", "params": "signatureParams"}


class Proxy(msgspec.Struct, tag="PROXY", tag_field="type", rename=_SIGNED_FOR):
    sender: Address
    to: Address
    wallet: Address
    data: Hex
    nonce: Number
    signature: Hex
    params: ProxyParams
    metadata: Metadata = ""


class Safe(msgspec.Struct, tag="SAFE", tag_field="type", rename=_SIGNED_FOR):
    sender: Address
    to: Address
    wallet: Address
    data: Hex
    nonce: Number
    signature: Hex
    params: SafeParams
    value: Number = "0"
    metadata: Metadata = ""


class SafeCreate(msgspec.Struct, tag="SAFE-CREATE", tag_field="type", rename=_SIGNED_FOR):
    sender: Address
    to: Address
    wallet: Address
    data: Hex
    signature: Hex
    params: CreateParams
    metadata: Metadata = ""
    nonce: str = ""


Submission: TypeAlias = Wallet | WalletCreate | Proxy | Safe | SafeCreate


def kind_of(body: Submission) -> str:
    return str(body.__struct_config__.tag)


class Authorization(msgspec.Struct, rename="camel"):
    deadline: Seconds
    nonce: Number
    scopes: Annotated[list[str], msgspec.Meta(min_length=1)]
    session_signer_address: Address
    signature: Hex
    valid_until: Seconds
    wallet_address: Address


class Revocation(msgspec.Struct, rename="camel"):
    deadline: Seconds
    nonce: Number
    session_signer_address: Address
    signature: Hex
    wallet_address: Address


def read(body: bytes, shape: type[B]) -> B:
    """400 that names the field unless the body is exactly of this shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise refuse(400, f"invalid request body: {error}") from None


def read_submission(body: bytes) -> Submission:
    return read(body, Submission)  # type: ignore[arg-type]  # mypy knows no type of a union
