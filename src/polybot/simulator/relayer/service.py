"""The relayer's HTTP service: wallets deployed, and their transactions carried out without gas of their own."""

import contextlib
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.typed_data import address_bytes
from polybot.polymarket.wallets import checksum
from polybot.simulator.chain.contracts import Contracts
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import CancelRefused
from polybot.simulator.relayer.allowance import Allowance
from polybot.simulator.relayer.bodies import read_submission
from polybot.simulator.relayer.intake import Intake
from polybot.simulator.relayer.options import RelayerOptions
from polybot.simulator.relayer.sessions import SessionRoutes
from polybot.simulator.relayer.transactions import RELAY, Relayed, Transactions
from polybot.simulator.relayer.wallets import KINDS, Wallets
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.rest.session_keys import SessionKeys

NS = 1_000_000_000


class Relayer:
    """Its books; `RelayerHttp` serves it."""

    def __init__(self, *, exchange: Exchange, sessions: SessionKeys, options: RelayerOptions, seed: int) -> None:
        self.allowance = Allowance(lambda: exchange.now_ns, submits_per_minute=options.submits_per_minute)
        self.transactions = Transactions(exchange.agenda, options=options, seed=seed)
        self.wallets = Wallets(accounts=exchange.accounts, contracts=Contracts(exchange), sessions=sessions)
        self.intake = Intake(
            wallets=self.wallets,
            transactions=self.transactions,
            now_s=lambda: exchange.now_ns // NS,
            options=options,
        )
        self.options = options
        self._exchange = exchange

    def sweep(self, wallet: Wallet, session_key: Wallet) -> None:
        """Takes a session key's open orders for a wallet out of the book."""
        for order in self._exchange.orders_of(session_key):
            if order.wallet == wallet:
                with contextlib.suppress(CancelRefused):  # it is being matched
                    self._exchange.cancel(order.id, owner=session_key)


class RelayerHttp:
    def __init__(self, relayer: Relayer, gate: Gate) -> None:
        self._relayer = relayer
        self._wallets = relayer.wallets
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        session_routes = SessionRoutes(
            gate=self._gate,
            intake=self._relayer.intake,
            wallets=self._wallets,
            transactions=self._relayer.transactions,
            sweep=self._relayer.sweep,
        )
        return [
            web.get("/deployed", self._deployed),
            web.get("/v1/account/transactions/params", self._params),
            web.get("/nonce", self._params),
            web.get("/relay-payload", self._relay_payload),
            web.post("/submit", self._submit),
            web.get("/v1/account/transactions/{id}", self._transaction),
            web.get("/transaction", self._old_transaction),
            *session_routes.routes(),
        ]

    async def _deployed(self, request: web.Request) -> Answer:
        _kind(request, default="WALLET")
        return reply({"deployed": self._wallets.deployed(Wallet(_address(request).lower()))})

    async def _params(self, request: web.Request) -> Answer:
        """With the nonce of the wallet that the address owns, or signs for in a session."""
        address = _address(request)
        wallet = self._wallets.acted_for(address, _kind(request))
        return reply({"address": checksum(address), "nonce": str(self._wallets.nonce(wallet))})

    async def _relay_payload(self, request: web.Request) -> Answer:
        wallet = self._wallets.acted_for(_address(request), _kind(request, default="PROXY"))
        return reply({"address": RELAY, "nonce": str(self._wallets.nonce(wallet))})

    async def _submit(self, request: web.Request) -> Answer:
        key = await self._gate.relayer(request)
        self._relayer.allowance.take(key.key)
        relayed = self._relayer.intake.take(read_submission(await request.read()))
        return reply({"transactionID": relayed.id, "state": relayed.state})

    async def _transaction(self, request: web.Request) -> Answer:
        found = await self._found(request, request.match_info["id"])
        return reply(
            {
                "transaction_id": found.id,
                "transaction_hash": found.hash,
                "state": found.state,
                "error_msg": found.error or None,
            }
        )

    async def _old_transaction(self, request: web.Request) -> Answer:
        return reply([_old_row(await self._found(request, request.query.get("id", "")))])

    async def _found(self, request: web.Request, id_: str) -> Relayed:
        if self._relayer.options.reads_need_key:
            await self._gate.relayer(request)
        found = self._relayer.transactions.find(id_)
        if found is None:
            raise refuse(404, "transaction not found")
        return found


def _address(request: web.Request) -> str:
    address = request.query.get("address", "")
    try:
        address_bytes(address)
    except ValueError:
        raise refuse(400, f"invalid address {address!r}") from None
    return address


def _kind(request: web.Request, default: str = "") -> SignatureType:
    kind = KINDS.get(request.query.get("type", default))
    if kind is None:
        raise refuse(400, f"invalid type {request.query.get('type', '')!r}: WALLET, SAFE or PROXY")
    return kind


def _old_row(relayed: Relayed) -> dict[str, Any]:
    return {
        "transactionID": relayed.id,
        "transactionHash": relayed.hash,
        "from": relayed.sender,
        "to": relayed.to,
        "proxyAddress": checksum(relayed.wallet),
        "data": relayed.data,
        "nonce": relayed.nonce,
        "signature": relayed.signature,
        "state": relayed.state,
        "type": relayed.kind,
        "metadata": relayed.metadata,
        "errorMsg": relayed.error,
        "createdAt": _iso(relayed.created_ns),
        "updatedAt": _iso(relayed.updated_ns),
    }


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
