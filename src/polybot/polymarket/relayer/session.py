"""Session keys authorised and revoked by a deposit wallet's owner (official Python client 0.14.0)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from polybot.core.ids import Wallet
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.limits import Group
from polybot.polymarket.relayer.client import RelayerClient
from polybot.polymarket.relayer.desk import RelayerDesk
from polybot.polymarket.relayer.payloads import DepositBatch
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call as HttpCall
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.wallet_calls import authorize_session_key, revoke_session_key
from polybot.polymarket.wallets import checksum
from polybot.ports.signer import Signer
from polybot.ports.wallet import Accepted, Call, Submission, TransactionRef
from polybot.utils.clock import Clock

LIFETIME_S = 4_315 * 3_600
"""The longest the relayer takes."""
TRADING_SCOPE = "CLOB"

_AUTHORIZATIONS = "/v1/session-signers/authorizations"
_REVOCATIONS = "/v1/session-signers/revocations"
_REGISTRY = "/v1/user/session-signers"
_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SessionKey:
    """`valid_until` in Unix seconds."""

    address: str
    scopes: tuple[str, ...]
    valid_until: int


class _Registry(Struct, frozen=True):
    signers: tuple[SessionKey, ...]


class _Taken(Struct, frozen=True, rename="camel"):
    transaction_id: str


@dataclass(frozen=True, slots=True)
class SessionKeyChange:
    """What is shown to a person and, once agreed to, signed. `valid_until_s` in Unix seconds; 0: it is a revocation."""

    session_key: str
    call: Call
    valid_until_s: int = 0


@dataclass(frozen=True, slots=True)
class SessionKeyDesk:
    """Of one deposit wallet and its owner. The wallet's nonce keeps a repetition from counting."""

    relayer: RelayerClient
    desk: RelayerDesk
    owner: Signer
    wallet: Wallet
    clock: Clock

    def authorization(self, session_key: str) -> SessionKeyChange:
        """To trade, for as long as the relayer allows. Needs a builder key."""
        valid_until_s = self.clock.now_ns() // _NANO + LIFETIME_S
        call = authorize_session_key(self.wallet, session_key, valid_until_s=valid_until_s)
        return SessionKeyChange(session_key, call, valid_until_s)

    def revocation(self, session_key: str) -> SessionKeyChange:
        return SessionKeyChange(session_key, revoke_session_key(self.wallet, session_key))

    async def send(self, change: SessionKeyChange) -> Submission:
        """One attempt at exactly `change.call`."""
        path, extra = _REVOCATIONS, {}
        if change.valid_until_s:
            path = _AUTHORIZATIONS
            extra = {"scopes": [TRADING_SCOPE], "validUntil": str(change.valid_until_s)}
        return await self._post(path, change, extra)

    async def _post(self, path: str, change: SessionKeyChange, extra: Mapping[str, object]) -> Submission:
        try:
            batch = await self.desk.batch([change.call])
            body = msgspec.json.encode({**self._body(batch, change.session_key), **extra})
            name = hashlib.blake2b(body, digest_size=16).hexdigest()
            answer = await self.relayer.post(path, body, idempotency_key=name)
            return Accepted(TransactionRef(decode(answer, _Taken, endpoint=path).transaction_id))
        except RequestFailed as failed:
            return self.desk.judged(failed.failure)

    def _body(self, batch: DepositBatch, session_key: str) -> dict[str, object]:
        return {
            "deadline": str(batch.deadline_s),
            "nonce": str(batch.nonce),
            "sessionSignerAddress": checksum(session_key),
            "signature": batch.signature(self.owner),
            "walletAddress": checksum(self.wallet),
        }


async def fetch_session_keys(http: HttpClient, auth: L2Auth, clock: Clock) -> Sequence[SessionKey]:
    """Those the CLOB knows of the owner's wallet. RequestFailed without an answer."""

    def headers() -> dict[str, str]:
        return auth.headers(method="GET", path=_REGISTRY, timestamp_s=clock.now_ns() // _NANO)

    call = HttpCall("clob.session_keys", Group.CLOB_AUTH, "GET", _REGISTRY, headers=headers)
    return decode(await http.read(call), _Registry, endpoint=call.name).signers
