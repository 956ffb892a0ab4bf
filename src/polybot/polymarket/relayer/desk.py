"""Proxy, Safe and deposit wallets moved through the relayer, free of gas."""

import re
from collections.abc import Mapping, Sequence

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.chain.rpc import RpcClient, RpcError
from polybot.polymarket.contracts import PROXY_FACTORY
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed
from polybot.polymarket.relayer.client import RelayerClient, Ticket
from polybot.polymarket.relayer.payloads import (
    METADATA_LENGTH,
    DepositBatch,
    Payload,
    ProxyCalls,
    SafeTransaction,
    proxy_data,
    wallet_creation,
)
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
from polybot.utils.clock import Clock

_DEADLINE_S = 600
_GAS_PER_CALL = 100_000
"""Twice what an approval takes."""
_MOST_GAS = 30_000_000
"""No block has more for one transaction."""
_MOST_AHEAD_S = 86_400
"""So far a node's clock is believed: whoever answers for it must not make a signature last for ever."""
_NANO = 1_000_000_000

_BUSY = re.compile(r"wallet busy.*active action|wallet has in-flight action", re.IGNORECASE)
_NONCE = re.compile(r"nonce\s+\d+\s+does not match on-chain nonce\s+(\d{1,18})\b", re.IGNORECASE)
_QUOTA = re.compile(r"quota .*resets in", re.IGNORECASE)

KINDS: Mapping[SignatureType, str] = {
    SignatureType.POLY_PROXY: ProxyCalls.kind,
    SignatureType.POLY_GNOSIS_SAFE: SafeTransaction.kind,
    SignatureType.POLY_1271: DepositBatch.kind,
}
_ENDED = frozenset({"STATE_FAILED", "STATE_INVALID"})


class RelayerDesk:
    """The WalletDesk of one wallet. `signer` owns it, or (`by_session_key`, deposit wallets only) may act for it."""

    calls_at_once = 50

    def __init__(
        self,
        relayer: RelayerClient,
        *,
        node: RpcClient,
        signer: Signer,
        wallet: Wallet,
        signature_type: SignatureType,
        clock: Clock,
        by_session_key: bool = False,
    ) -> None:
        self._relayer = relayer
        self._node = node
        self._signer = signer
        self._wallet = wallet
        self._type = signature_type
        self._kind = KINDS[signature_type]
        self._clock = clock
        self._by_session_key = by_session_key
        self._least_nonce = 0

    async def deployed(self) -> bool:
        return await self._relayer.deployed(self._wallet, self._kind)

    async def deploy(self) -> Submission:
        """Of a deposit wallet; the older kinds are made by polymarket.com alone."""
        if self._type is not SignatureType.POLY_1271:
            remedy = "log in once on polymarket.com with this account, which makes its wallet"
            return Refused("cannot_deploy", f"a {self._type.name} wallet cannot be deployed from here", remedy)
        return await self._submit(wallet_creation(self._signer.address))

    async def preview(self, calls: Sequence[Call]) -> Mapping[str, object]:
        return (await self._payload(calls)).shown()

    async def send(self, calls: Sequence[Call], *, why: str) -> Submission:
        try:
            payload = await self._payload(calls)
        except RequestFailed as failed:
            return _refused(failed.failure)
        return await self._submit(payload.body(self._signer, metadata=why[:METADATA_LENGTH]))

    async def outcome(self, ref: TransactionRef) -> Outcome:
        try:
            seen = await self._relayer.transaction(ref.id)
        except RequestFailed as failed:
            return NoAnswer(str(failed.failure))
        if seen.state == "STATE_CONFIRMED":
            return Done(seen.transaction_hash)
        if seen.state in _ENDED:
            return Failed(seen.error_msg or seen.state)
        return Pending(seen.state)

    async def batch(self, calls: Sequence[Call]) -> DepositBatch:
        """A deposit wallet's calls under its next nonce. RequestFailed without an answer."""
        ticket = await self._relayer.ticket(self._signer.address, DepositBatch.kind)
        deadline_s = await self._chain_now_s() + _DEADLINE_S
        return DepositBatch(self._wallet, calls, self._nonce(ticket), deadline_s, self._by_session_key)

    async def _payload(self, calls: Sequence[Call]) -> Payload:
        if self._type is SignatureType.POLY_1271:
            return await self.batch(calls)
        ticket = await self._relayer.ticket(self._signer.address, self._kind)
        if self._type is SignatureType.POLY_GNOSIS_SAFE:
            return SafeTransaction(self._wallet, calls, self._nonce(ticket))
        if not ticket.address:
            raise RequestFailed(
                "relayer.ticket", Failure("maybe", FailureKind.GARBAGE, "no_relay", "it names no relay")
            )
        gas = await self._gas_limit(calls)
        return ProxyCalls(self._signer.address, self._wallet, calls, self._nonce(ticket), ticket.address, gas)

    def _nonce(self, ticket: Ticket) -> int:
        return max(int(ticket.nonce), self._least_nonce)

    async def _chain_now_s(self) -> int:
        """The chain judges deadlines by its own time; ours if it does not answer or is behind."""
        now_s = self._clock.now_ns() // _NANO
        try:
            block = await self._node.block("latest")
        except (RequestFailed, RpcError):
            return now_s
        return min(max(now_s, int(block.timestamp, 16)), now_s + _MOST_AHEAD_S) if block else now_s

    async def _gas_limit(self, calls: Sequence[Call]) -> int:
        try:
            gas = await self._node.estimate_gas(sender=self._signer.address, to=PROXY_FACTORY, data=proxy_data(calls))
        except (RequestFailed, RpcError):
            return _GAS_PER_CALL * (len(calls) + 1)
        return min(gas, _MOST_GAS)

    async def _submit(self, body: bytes) -> Submission:
        try:
            answer = await self._relayer.submit(body)
        except RequestFailed as failed:
            return self.judged(failed.failure)
        return Accepted(TransactionRef(answer.transaction_id))

    def judged(self, failure: Failure) -> Submission:
        """What a failed submission of this wallet's proves; remembers the nonce that the relayer names."""
        if failure.reached_venue == "maybe":
            return Unknown(str(failure))
        if _QUOTA.search(failure.detail):
            return Refused("quota", failure.detail, "wait as long as it says")
        if mismatch := _NONCE.search(failure.detail):
            self._least_nonce = max(self._least_nonce, int(mismatch[1]))
            return Later(failure.detail)
        if failure.kind is FailureKind.RATE_LIMITED or _BUSY.search(failure.detail):
            return Later(failure.detail)
        return _refused(failure)


def _refused(failure: Failure) -> Refused:
    remedies = {
        FailureKind.UNAUTHORIZED: "check the builder key or the relayer key, and this machine's clock (NTP)",
        FailureKind.FORBIDDEN: "check the builder key or the relayer key, and whether Polymarket serves this region",
        FailureKind.UNREACHABLE: "check endpoints.relayer and the network",
    }
    return Refused(failure.code, str(failure), remedies.get(failure.kind, ""))
