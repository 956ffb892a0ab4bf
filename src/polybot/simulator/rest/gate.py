"""Who is asking: L1 and L2 checks of the CLOB, and its API-key routes."""

from aiohttp import web

from polybot.polymarket.auth import ApiCredentials, AuthFailed, L2Auth, verify_l1
from polybot.polymarket.contracts import POLYGON
from polybot.simulator.rest.keys import ApiKey, ApiKeys, KeyExists
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.utils.clock import Clock

BAD_KEY = "Unauthorized/Invalid api key"
BAD_L1 = "Invalid L1 Request headers"


class Gate:
    """Headers are fresh if they are near any of `clocks`."""

    def __init__(self, keys: ApiKeys, *clocks: Clock) -> None:
        self._keys = keys
        self._clocks = clocks

    async def l2(self, request: web.Request) -> ApiKey:
        """The key that signed this very request; 401 otherwise."""
        key = self._keys.find(request.headers.get("POLY_API_KEY", ""))
        if key is None:
            raise refuse(401, BAD_KEY)
        auth = L2Auth(key.address, ApiCredentials(key.key, key.secret, key.passphrase))
        body = await request.read()
        for clock in self._clocks:
            try:
                auth.verify(
                    request.headers,
                    method=request.method,
                    path=request.rel_url.raw_path,
                    body=body,
                    now_s=_now_s(clock),
                )
            except AuthFailed:
                continue
            return key
        raise refuse(401, BAD_KEY)

    def l1(self, request: web.Request) -> tuple[str, int]:
        """The address that signed, and the nonce; 401 otherwise."""
        for clock in self._clocks:
            try:
                return verify_l1(request.headers, chain_id=POLYGON, now_s=_now_s(clock))
            except AuthFailed:
                continue
        raise refuse(401, BAD_L1)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/api-key", self._create),
            web.get("/auth/derive-api-key", self._derive),
            web.get("/auth/api-keys", self._list),
            web.delete("/auth/api-key", self._delete),
            web.get("/auth/ban-status/closed-only", self._closed_only),
        ]

    async def _create(self, request: web.Request) -> Answer:
        address, nonce = self.l1(request)
        try:
            return reply(_shown(self._keys.create(address, nonce=nonce)))
        except KeyExists:
            raise refuse(400, "Could not create api key") from None

    async def _derive(self, request: web.Request) -> Answer:
        address, nonce = self.l1(request)
        key = self._keys.derive(address, nonce=nonce)
        if key is None:
            raise refuse(400, "Could not derive api key!")
        return reply(_shown(key))

    async def _list(self, request: web.Request) -> Answer:
        key = await self.l2(request)
        return reply({"apiKeys": [owned.key for owned in self._keys.of(key.address)]})

    async def _delete(self, request: web.Request) -> Answer:
        self._keys.delete(await self.l2(request))
        return reply("OK")

    async def _closed_only(self, request: web.Request) -> Answer:
        await self.l2(request)
        return reply({"closed_only": False})


def _shown(key: ApiKey) -> dict[str, str]:
    return {"apiKey": key.key, "secret": key.secret, "passphrase": key.passphrase}


def _now_s(clock: Clock) -> int:
    return clock.now_ns() // 1_000_000_000
