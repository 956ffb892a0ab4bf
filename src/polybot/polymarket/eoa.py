"""Plain wallets: legacy transactions, signed here, sent through a Polygon node, paid for in POL."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import rlp

from polybot.polymarket.chain.rpc import RpcClient, RpcError
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.typed_data import address_bytes, keccak
from polybot.ports.signer import Signer
from polybot.ports.venue import NoAnswer
from polybot.ports.wallet import (
    Accepted,
    Call,
    Done,
    Failed,
    Later,
    Outcome,
    Pending,
    Refused,
    Submission,
    TransactionRef,
    Unknown,
)

_REVERTED = "0x0"
_TAKEN = re.compile("nonce too low|replacement transaction underpriced", re.IGNORECASE)
"""Another transaction has this nonce, perhaps an earlier try of the same."""
_DEAREST_WEI = 10**18
"""What gas of one transaction may cost, whatever a node says of prices: many times what any call here took."""


@dataclass(frozen=True, slots=True)
class LegacyTransaction:
    """Replay-protected (EIP-155). Amounts in wei."""

    call: Call
    nonce: int
    gas: int
    gas_price_wei: int
    chain_id: int = POLYGON

    @property
    def cost_wei(self) -> int:
        """At most."""
        return self.gas * self.gas_price_wei + self.call.value

    def signed(self, signer: Signer) -> bytes:
        fields = [
            self.nonce,
            self.gas_price_wei,
            self.gas,
            address_bytes(self.call.target),
            self.call.value,
            self.call.data,
        ]
        signature = signer.sign(keccak(rlp.encode([*fields, self.chain_id, b"", b""])))
        r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:64]))
        encoded: bytes = rlp.encode([*fields, signature[64] - 27 + 35 + 2 * self.chain_id, r, s])
        return encoded


class EoaDesk:
    """The WalletDesk of a signer's own address: one call a transaction, and each must wait for the one before."""

    calls_at_once = 1

    def __init__(self, node: RpcClient, *, signer: Signer) -> None:
        self._node = node
        self._signer = signer

    async def deployed(self) -> bool:
        return True

    async def deploy(self) -> Submission:
        return Refused("cannot_deploy", "a plain wallet needs no deployment")

    async def preview(self, calls: Sequence[Call]) -> Mapping[str, object]:
        (call,) = calls
        nonce, price = await self._node.nonce(self._signer.address), await self._node.gas_price_wei()
        try:
            gas = str(await self._gas(call))
        except RpcError as error:
            gas = f"estimated before it is sent (now: {error.message})"
        return {
            "from": self._signer.address,
            "to": call.target,
            "value": str(call.value),
            "data": "0x" + call.data.hex(),
            "nonce": str(nonce),
            "gasPrice": str(price),
            "gas": gas,
            "chainId": POLYGON,
        }

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        """`why` is not sent: a transaction has no room for it. The hash is known before it is sent."""
        del why
        (call,) = calls
        try:
            if under_way := await self._under_way():
                return Later(f"{under_way} transactions of {self._signer.address} wait to be mined")
            transaction = await self._transaction(call)
            held_wei = await self._node.balance_wei(self._signer.address)
        except RequestFailed as failed:
            return Refused(failed.failure.code, str(failed), "check endpoints.rpc and the network")
        except RpcError as error:
            return Refused("would_fail", f"the chain would refuse it: {error.message}")
        return self._unaffordable(transaction, held_wei) or await self._broadcast(transaction)

    async def outcome(self, ref: TransactionRef) -> Outcome:
        try:
            receipt = await self._node.receipt(ref.id)
        except (RequestFailed, RpcError) as failed:
            return NoAnswer(str(failed))
        if receipt is None:
            return Pending("not mined yet")
        return Failed("it was reverted") if receipt.status == _REVERTED else Done(ref.id)

    def _unaffordable(self, transaction: LegacyTransaction, held_wei: int) -> Refused | None:
        cost = f"gas for it may cost {_pol(transaction.cost_wei)} POL"
        if transaction.gas * transaction.gas_price_wei > _DEAREST_WEI:
            remedy = "try again later, or name another node in endpoints.rpc"
            return Refused("dear_gas", f"{cost}, and polybot pays {_pol(_DEAREST_WEI)} at most", remedy)
        if held_wei < transaction.cost_wei:
            needs = f"{cost}, and {self._signer.address} has {_pol(held_wei)}"
            return Refused("no_gas", needs, f"send POL (on Polygon) to {self._signer.address}")
        return None

    async def _transaction(self, call: Call) -> LegacyTransaction:
        gas = await self._gas(call)
        price = await self._node.gas_price_wei()
        return LegacyTransaction(call, await self._node.nonce(self._signer.address), gas, price)

    async def _under_way(self) -> int:
        return await self._node.nonce(self._signer.address) - await self._node.nonce(
            self._signer.address, pending=False
        )

    async def _gas(self, call: Call) -> int:
        """A fifth more than the estimate: the state may change until it is mined."""
        estimate = await self._node.estimate_gas(sender=self._signer.address, to=call.target, data=call.data)
        return estimate * 6 // 5

    async def _broadcast(self, transaction: LegacyTransaction) -> Submission:
        raw = transaction.signed(self._signer)
        ref = TransactionRef("0x" + keccak(raw).hex())
        try:
            await self._node.send_raw(raw)
        except RequestFailed as failed:
            if failed.failure.reached_venue == "maybe":
                return Unknown(str(failed.failure))
            return Refused(failed.failure.code, str(failed.failure), "check endpoints.rpc and the network")
        except RpcError as error:
            if "already known" in error.message.lower():
                return Accepted(ref)
            if _TAKEN.search(error.message):
                return Later(error.message)
            return Refused("node_refused", error.message)
        return Accepted(ref)


def _pol(wei: int) -> str:
    """Rounded up to a millionth."""
    micro = -(-wei // 10**12)
    return f"{micro // 10**6}.{micro % 10**6:06d}".rstrip("0").rstrip(".")
