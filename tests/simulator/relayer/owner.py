"""The owner of one wallet, who asks the relayer with bare HTTP."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from polybot.core.ids import ConditionId, Wallet
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket import session_keys
from polybot.polymarket.abi import call_data
from polybot.polymarket.auth import ApiCredentials, L2Auth, l1_headers
from polybot.polymarket.contracts import COLLATERAL_ADAPTER, POLYGON, PUSD, ROUTER, STANDARD
from polybot.polymarket.relayer.auth import BuilderAuth
from polybot.polymarket.relayer.payloads import DepositBatch, ProxyCalls, SafeTransaction
from polybot.polymarket.signing import LocalSigner
from polybot.ports.wallet import Call
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.relayer.transactions import RELAY
from polybot.simulator.rest.keys import KeyKind
from simulated_venue import Running

Answer = tuple[int, Any]
APPROVE = Call(PUSD, call_data("approve(address,uint256)", STANDARD[POLYGON].address, 5_000_000), "approve")
TYPES = {
    SignatureType.POLY_PROXY: "PROXY",
    SignatureType.POLY_GNOSIS_SAFE: "SAFE",
    SignatureType.POLY_1271: "WALLET",
}


def split(condition: ConditionId, shares: int) -> Call:
    """Through the adapter of version 1 markets; `shares` in micro-units."""
    data = call_data(
        "splitPosition(address,bytes32,bytes32,uint256[],uint256)",
        PUSD,
        bytes(32),
        bytes.fromhex(condition[2:]),
        [1, 2],
        shares,
    )
    return Call(COLLATERAL_ADAPTER, data, "split")


def split_v2(condition: ConditionId, shares: int) -> Call:
    data = call_data("split(bytes31,uint256)", bytes.fromhex(condition[2:64]), shares)
    return Call(ROUTER, data, "split")


class Owner:
    """Signs what it is told to, right or wrong. `answer` is (status, body)."""

    def __init__(self, running: Running, session: aiohttp.ClientSession, opened: OpenedAccount) -> None:
        self.running = running
        self.opened = opened
        self.signer = LocalSigner.from_hex(opened.private_key)
        self.wallet = Wallet(opened.wallet.lower())
        self.kind = opened.signature_type
        self._session = session
        self._names = itertools.count(1)
        key = running.simulator.keys.mint(opened.eoa, KeyKind.BUILDER)
        self.builder = BuilderAuth(ApiCredentials(key.key, key.secret, key.passphrase))

    @property
    def account(self) -> Any:
        found = self.running.simulator.world.exchange.accounts.find(self.wallet)
        assert found is not None
        return found

    def now_s(self) -> int:
        return self.running.clock.now_ns() // 1_000_000_000

    async def get(self, path: str, **query: str) -> Answer:
        async with self._session.get(self.running.urls.relayer + path, params=query) as answer:
            return answer.status, msgspec.json.decode(await answer.read())

    async def post(
        self,
        path: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Answer:
        """Signed with the builder key unless other headers are given."""
        if headers is None:
            headers = self.builder.headers(method="POST", path=path, body=body, timestamp_s=self.now_s())
        async with self._session.post(
            self.running.urls.relayer + path, data=body, headers={**headers, **(extra or {})}
        ) as answer:
            return answer.status, msgspec.json.decode(await answer.read())

    async def nonce(self) -> int:
        path = "/relay-payload" if self.kind is SignatureType.POLY_PROXY else "/v1/account/transactions/params"
        status, answer = await self.get(path, address=self.signer.address, type=TYPES[self.kind])
        assert status == 200, answer
        return int(answer["nonce"])

    async def body(
        self, *calls: Call, nonce: int | None = None, metadata: str = "", deadline_s: int | None = None
    ) -> bytes:
        number = await self.nonce() if nonce is None else nonce
        payload: DepositBatch | ProxyCalls | SafeTransaction
        match self.kind:
            case SignatureType.POLY_PROXY:
                payload = ProxyCalls(
                    self.signer.address, self.wallet, calls, nonce=number, relay=RELAY, gas_limit=200_000
                )
            case SignatureType.POLY_GNOSIS_SAFE:
                payload = SafeTransaction(self.wallet, calls, nonce=number)
            case _:
                payload = self.batch(calls, nonce=number, deadline_s=deadline_s)
        return payload.body(self.signer, metadata=metadata)

    def batch(self, calls: Sequence[Call], *, nonce: int, deadline_s: int | None = None) -> DepositBatch:
        return DepositBatch(self.wallet, calls, nonce=nonce, deadline_s=deadline_s or self.now_s() + 600)

    async def submit(
        self, *calls: Call, nonce: int | None = None, metadata: str = "", deadline_s: int | None = None
    ) -> Answer:
        return await self.post(
            "/submit", await self.body(*calls, nonce=nonce, metadata=metadata, deadline_s=deadline_s)
        )

    async def done(self, *calls: Call) -> dict[str, Any]:
        """Submitted, and what became of it."""
        status, answer = await self.submit(*calls)
        assert status == 200, answer
        await self.running.advance(30)
        return await self.state(answer["transactionID"])

    async def state(self, transaction: str) -> dict[str, Any]:
        status, answer = await self.get(f"/v1/account/transactions/{transaction}")
        assert status == 200, answer
        return dict(answer)

    async def authorize(self, session_key: str, *, scopes: Sequence[str] = ("CLOB",), valid_s: int = 3600) -> Answer:
        until = self.now_s() + valid_s
        call = Call(
            self.opened.wallet, call_data("authorizeSessionSigner(address,uint256)", session_key, until), "authorize"
        )
        signed = await self._signed_session_call(call)
        return await self._session_call(
            "authorizations", {**signed, "scopes": list(scopes), "validUntil": str(until)}, session_key
        )

    async def revoke(self, session_key: str) -> Answer:
        call = Call(self.opened.wallet, call_data("revokeSessionSigner(address)", session_key), "revoke")
        return await self._session_call("revocations", await self._signed_session_call(call), session_key)

    async def _signed_session_call(self, call: Call) -> dict[str, Any]:
        batch = self.batch([call], nonce=await self.nonce())
        return {
            "nonce": str(batch.nonce),
            "deadline": str(batch.deadline_s),
            "signature": batch.signature(self.signer),
            "walletAddress": self.opened.wallet,
        }

    async def _session_call(self, what: str, body: dict[str, Any], session_key: str) -> Answer:
        raw = msgspec.json.encode({**body, "sessionSignerAddress": session_key})
        return await self.post(
            f"/v1/session-signers/{what}", raw, extra={"Idempotency-Key": f"wish {next(self._names)}"}
        )

    # the CLOB

    async def clob(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        async with self._session.request(
            method, self.running.urls.clob + path, data=body or None, headers=headers
        ) as answer:
            return answer.status, msgspec.json.decode(await answer.read())

    async def log_in(self, *, nonce: int = 0) -> L2Auth:
        headers = l1_headers(self.signer, chain_id=POLYGON, timestamp_s=self.now_s(), nonce=nonce)
        status, key = await self.clob("POST", "/auth/api-key", headers=headers)
        assert status == 200, key
        return L2Auth(self.signer.address, ApiCredentials(key["apiKey"], key["secret"], key["passphrase"]))

    async def l2(self, auth: L2Auth, method: str, path: str, *, body: bytes = b"") -> Answer:
        headers = auth.headers(method=method, path=path, body=body, timestamp_s=self.now_s())
        return await self.clob(method, path, headers=headers, body=body)


def wrapped(session_key: LocalSigner, batch: DepositBatch) -> str:
    """The batch signed by a session key."""
    signature = bytes.fromhex(batch.signature(session_key)[2:])
    return "0x" + session_keys.wrap(session_key.address, signature).hex()


def open_owner(
    running: Running,
    session: aiohttp.ClientSession,
    kind: SignatureType = SignatureType.POLY_1271,
    *,
    deployed: bool = True,
    old_form: bool = False,
) -> Owner:
    """Time stands still from here on but for `advance`."""
    running.clock.set_speed(1e-6)
    opened = running.simulator.desk.open_account(
        signature_type=kind, balance=Usdc.parse("100"), deployed=deployed, old_form=old_form
    )
    return Owner(running, session, opened)
