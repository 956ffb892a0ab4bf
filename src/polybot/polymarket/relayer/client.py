"""The relayer's HTTP service (official Python client 0.14.0)."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct, field

from polybot.polymarket.limits import Group
from polybot.polymarket.relayer.auth import RelayerAuth
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call, HttpClient, Query
from polybot.utils.clock import Clock

_NANO = 1_000_000_000


class Deployed(Struct, frozen=True):
    deployed: bool


class Ticket(Struct, frozen=True):
    """`address` is the relay's for PROXY, else the wallet's."""

    nonce: Annotated[str, Meta(pattern=r"^\d{1,18}$")] | Annotated[int, Meta(ge=0, le=10**18)]
    address: Annotated[str, Meta(pattern=r"^(0x[0-9a-fA-F]{40})?$")] = ""


class Submitted(Struct, frozen=True):
    transaction_id: str = field(name="transactionID")
    state: str = ""


class Transaction(Struct, frozen=True):
    """`state` STATE_NEW, EXECUTED, MINED, CONFIRMED, FAILED or INVALID; `transaction_hash` "" until it has one."""

    transaction_id: str
    state: str
    transaction_hash: str = ""
    error_msg: str | None = None


class RelayerClient:
    """RequestFailed without a usable answer. `auth` None: only `deployed` can be asked. `submits`: a client that waits
    longer, for the answer to what is sent."""

    def __init__(
        self, http: HttpClient, *, clock: Clock, auth: RelayerAuth | None, submits: HttpClient | None = None
    ) -> None:
        self._http = http
        self._submits = submits or http
        self._clock = clock
        self._auth = auth

    @property
    def may_submit(self) -> bool:
        return self._auth is not None

    async def deployed(self, wallet: str, kind: str) -> bool:
        """`kind`: WALLET, SAFE or PROXY."""
        query = (("address", wallet), ("type", kind))
        call = Call("relayer.deployed", Group.RELAYER, "GET", "/deployed", query=query)
        return decode(await self._http.read(call), Deployed, endpoint=call.name).deployed

    async def ticket(self, owner: str, kind: str) -> Ticket:
        """The next nonce of the owner's wallet of this kind, and for PROXY who will carry the transaction."""
        path = "/relay-payload" if kind == "PROXY" else "/v1/account/transactions/params"
        call = self._call("relayer.ticket", "GET", path, query=(("address", owner), ("type", kind)))
        return decode(await self._http.read(call), Ticket, endpoint=call.name)

    async def submit(self, body: bytes) -> Submitted:
        """One attempt."""
        call = self._call("relayer.submit", "POST", "/submit", body=body, group=Group.RELAYER_SUBMIT)
        return decode(await self._submits.write(call), Submitted, endpoint=call.name)

    async def post(self, path: str, body: bytes, *, idempotency_key: str) -> bytes:
        """One attempt at a session key's authorisation or revocation; the same key again is the same wish."""
        extra = {"Idempotency-Key": idempotency_key}
        return await self._submits.write(
            self._call("relayer.session_key", "POST", path, body=body, group=Group.RELAYER_SUBMIT, extra=extra)
        )

    async def transaction(self, id: str) -> Transaction:
        call = self._call("relayer.transaction", "GET", f"/v1/account/transactions/{id}")
        return decode(await self._http.read(call), Transaction, endpoint=call.name)

    def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes | None = None,
        group: Group = Group.RELAYER,
        extra: Mapping[str, str] | None = None,
    ) -> Call:
        """Signed anew for every attempt; the query is not part of what is signed."""

        def headers() -> Mapping[str, str]:
            now_s = self._clock.now_ns() // _NANO
            signed = (
                self._auth.headers(method=method, path=path, body=body or b"", timestamp_s=now_s) if self._auth else {}
            )
            return {**signed, **(extra or {})}

        return Call(name, group, method, path, query=query, body=body, headers=headers)
