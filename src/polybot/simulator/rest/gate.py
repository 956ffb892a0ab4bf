"""Who is asking: L1, L2, builder and relayer credentials, and the CLOB's routes that hand them out."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import SKEW_S, ApiCredentials, AuthFailed, L2Auth, verify_l1
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.wallets import checksum, funders
from polybot.simulator.engine.accounts import Account, Accounts
from polybot.simulator.engine.model import Restriction
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.keys import ApiKey, ApiKeys, KeyExists, KeyKind
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.rest.session_keys import SessionKeys
from polybot.utils.clock import Clock


class Gate:
    """Headers are fresh if they are within `skew_s` of any of `clocks`."""

    def __init__(self, keys: ApiKeys, *clocks: Clock, skew_s: int = SKEW_S) -> None:
        self._keys = keys
        self._clocks = clocks
        self._skew_s = skew_s

    async def l2(self, request: web.Request) -> ApiKey:
        """The key that signed this very request, or a read-only key that it names; 401 otherwise."""
        headers = request.headers
        key = self._keys.find(headers.get("POLY_API_KEY", ""))
        if key is not None and await self._signed(request, key, headers):
            return key
        reader = self._keys.find(headers.get("POLY_READONLY_API_KEY", ""), KeyKind.READ_ONLY)
        reads = request.method == "GET" and not request.path.startswith("/auth/")
        if reader and reads and headers.get("POLY_ADDRESS", "").lower() == reader.address:
            return reader
        raise documented("unauthorized")

    def l1(self, request: web.Request) -> tuple[str, int]:
        """The address that signed, and the nonce; 401 otherwise."""
        for clock in self._clocks:
            try:
                return verify_l1(request.headers, chain_id=POLYGON, now_s=_now_s(clock), skew_s=self._skew_s)
            except AuthFailed:
                continue
        raise documented("invalid_l1")

    async def builder(self, request: web.Request) -> ApiKey:
        """The builder key that signed this very request; 401 otherwise."""
        key = self._keys.find(request.headers.get("POLY_BUILDER_API_KEY", ""), KeyKind.BUILDER)
        if key is not None and await self._signed(request, key, _as_l2(request.headers, key.address)):
            return key
        raise documented("unauthorized")

    async def relayer(self, request: web.Request) -> ApiKey:
        """The builder key that signed this very request, or the relayer key that it names; 401 otherwise."""
        named = self._keys.find(request.headers.get("RELAYER_API_KEY", ""), KeyKind.RELAYER)
        if named and request.headers.get("RELAYER_API_KEY_ADDRESS", "").lower() == named.address:
            return named
        return await self.builder(request)

    async def _signed(self, request: web.Request, key: ApiKey, headers: Mapping[str, str]) -> bool:
        auth = L2Auth(key.address, ApiCredentials(key.key, key.secret, key.passphrase))
        body, path = await request.read(), request.rel_url.raw_path
        for clock in self._clocks:
            try:
                auth.verify(
                    headers, method=request.method, path=path, body=body, now_s=_now_s(clock), skew_s=self._skew_s
                )
            except AuthFailed:
                continue
            return True
        return False


class _NamedKey(msgspec.Struct):
    key: str


class Credentials:
    """The CLOB's routes under /auth, and the owner's list of session keys."""

    def __init__(self, *, gate: Gate, keys: ApiKeys, accounts: Accounts, sessions: SessionKeys) -> None:
        self._gate = gate
        self._keys = keys
        self._accounts = accounts
        self._sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/api-key", self._create),
            web.get("/auth/derive-api-key", self._derive),
            web.get("/auth/api-keys", self._list),
            web.delete("/auth/api-key", self._delete),
            web.post("/auth/readonly-api-key", self._create_reader),
            web.get("/auth/readonly-api-keys", self._list_readers),
            web.delete("/auth/readonly-api-key", self._delete_reader),
            web.post("/auth/builder-api-key", self._create_builder),
            web.get("/auth/builder-api-key", self._list_builders),
            web.delete("/auth/builder-api-key", self._delete_builder),
            web.get("/auth/ban-status/closed-only", self._closed_only),
            web.get("/v1/user/session-signers", self._session_signers),
        ]

    async def _create(self, request: web.Request) -> Answer:
        address, nonce = self._gate.l1(request)
        try:
            return reply(_shown(self._keys.create(address, nonce=nonce)))
        except KeyExists:
            raise documented("key_exists") from None

    async def _derive(self, request: web.Request) -> Answer:
        address, nonce = self._gate.l1(request)
        key = self._keys.derive(address, nonce=nonce)
        if key is None:
            raise documented("no_key")
        return reply(_shown(key))

    async def _list(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply({"apiKeys": [owned.key for owned in self._keys.of(key.address)]})

    async def _delete(self, request: web.Request) -> Answer:
        self._keys.delete(await self._gate.l2(request))
        return reply("OK")

    # read-only keys

    async def _create_reader(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply({"apiKey": self._keys.mint(key.address, KeyKind.READ_ONLY).key})

    async def _list_readers(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply({"readonlyApiKeys": [owned.key for owned in self._keys.of(key.address, KeyKind.READ_ONLY)]})

    async def _delete_reader(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        try:
            named = msgspec.json.decode(await request.read(), type=_NamedKey).key
        except msgspec.MsgspecError:
            raise refuse(400, "Invalid payload") from None
        found = self._keys.find(named, KeyKind.READ_ONLY)
        if found is None or found.address != key.address:
            raise refuse(400, "Could not delete api key")
        self._keys.delete(found)
        return reply("OK")

    # builder keys

    async def _create_builder(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        made = self._keys.mint(key.address, KeyKind.BUILDER)
        return reply({"key": made.key, "secret": made.secret, "passphrase": made.passphrase})

    async def _list_builders(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply([{"key": owned.key} for owned in self._keys.of(key.address, KeyKind.BUILDER)])

    async def _delete_builder(self, request: web.Request) -> Answer:
        self._keys.delete(await self._gate.builder(request))
        return reply("OK")

    # the account

    async def _closed_only(self, request: web.Request) -> Answer:
        """Of any wallet of the EOA."""
        key = await self._gate.l2(request)
        restricted = any(account.restriction is not Restriction.NONE for account in self._wallets(key.address))
        return reply({"closed_only": restricted})

    async def _session_signers(self, request: web.Request) -> Answer:
        """The owner's; 404 for an EOA without a deposit wallet."""
        key = await self._gate.l2(request)
        mine = [account for account in self._wallets(key.address) if account.signature_type is SignatureType.POLY_1271]
        if not mine:
            raise refuse(404, "wallet not found")
        # An owner of both forms of deposit wallet is shown the one with session keys, else the newer.
        wallet = max(mine, key=lambda account: len(self._sessions.of(account.wallet))).wallet
        signers = [
            {"address": checksum(found.address), "scopes": list(found.scopes), "valid_until": found.valid_until_s}
            for found in self._sessions.of(wallet)
        ]
        return reply({"wallet": checksum(wallet), "signers": signers})

    def _wallets(self, eoa: str) -> list[Account]:
        """All that the EOA can own, whether or not it signs for one in a session."""
        derived: list[Wallet] = [wallet for kind in SignatureType for wallet in funders(eoa, kind)]
        return [account for wallet in derived if (account := self._accounts.find(wallet))]


def _as_l2(headers: Mapping[str, str], address: str) -> dict[str, str]:
    """A builder's headers under the names of L2; a builder names no address."""
    names = ("API_KEY", "PASSPHRASE", "SIGNATURE", "TIMESTAMP")
    signed = {f"POLY_{name}": headers.get(f"POLY_BUILDER_{name}", "") for name in names}
    return {"POLY_ADDRESS": address, **signed}


def _shown(key: ApiKey) -> dict[str, str]:
    return {"apiKey": key.key, "secret": key.secret, "passphrase": key.passphrase}


def _now_s(clock: Clock) -> int:
    return clock.now_ns() // 1_000_000_000
