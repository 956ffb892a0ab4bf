"""A Polygon node: JSON-RPC over HTTP and WebSocket."""

import msgspec
from aiohttp import web

from polybot.polymarket.contracts import POLYGON
from polybot.simulator.rest.replies import Answer, reply


class Call(msgspec.Struct):
    id: int | str | None = None
    method: str = ""
    params: list[object] = []


class ChainNode:
    """Answers for the chain behind one exchange."""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._http)]

    async def _http(self, request: web.Request) -> Answer:
        call = msgspec.json.decode(await request.read(), type=Call)
        if call.method == "eth_chainId":
            return reply({"jsonrpc": "2.0", "id": call.id, "result": hex(POLYGON)})
        error = {"code": -32601, "message": f"the method {call.method} does not exist/is not available"}
        return reply({"jsonrpc": "2.0", "id": call.id, "error": error})
