"""The relayer's routes of session keys: authorised and revoked by the owner's signature over a call of the wallet."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.wallets import checksum, funders
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies, calls
from polybot.simulator.relayer.intake import Intake
from polybot.simulator.relayer.transactions import Relayed, Request, Transactions
from polybot.simulator.relayer.wallets import Wallets
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.rest.session_keys import ALL, CLOB, COMBOS, SessionKey

SCOPES = frozenset({CLOB, COMBOS, ALL})
Sweep = Callable[[Wallet, Wallet], None]
"""Takes a session key's (second) open orders for a wallet (first) out of the book."""


class SessionRoutes:
    """A revoked key may do nothing more from the moment the revocation is accepted. An answer is repeated, and
    nothing else happens, for a body that comes again under its Idempotency-Key."""

    def __init__(
        self, *, gate: Gate, intake: Intake, wallets: Wallets, transactions: Transactions, sweep: Sweep
    ) -> None:
        self._gate = gate
        self._intake = intake
        self._wallets = wallets
        self._transactions = transactions
        self._sweep = sweep
        self._answered: dict[tuple[str, str], tuple[bytes, dict[str, Any]]] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/session-signers/authorizations", self._authorize),
            web.post("/v1/session-signers/revocations", self._revoke),
        ]

    async def _authorize(self, request: web.Request) -> Answer:
        await self._gate.builder(request)
        return await self._once(request, self._authorized)

    async def _revoke(self, request: web.Request) -> Answer:
        await self._gate.relayer(request)
        return await self._once(request, self._revoked)

    async def _once(self, request: web.Request, act: Callable[[bytes], dict[str, Any]]) -> Answer:
        name = request.headers.get("Idempotency-Key", "")
        if not name:
            raise refuse(400, "missing Idempotency-Key header")
        body = await request.read()
        known = self._answered.get((request.path, name))
        if known is None:
            known = self._answered[request.path, name] = (body, act(body))
        if known[0] != body:
            raise refuse(409, "Idempotency-Key was used with another request body")
        return reply(known[1])

    def _authorized(self, raw: bytes) -> dict[str, Any]:
        body = bodies.read(raw, bodies.Authorization)
        key = self._key(body)
        call = Call(body.wallet_address, 0, calls.AUTHORIZE.call(key.address, key.valid_until_s))
        relayed = self._begin(body, call, effect=lambda: self._wallets.sessions.authorize(key))
        return {"status": "SUBMITTED", "transactionHash": "", "transactionId": relayed.id}

    def _key(self, body: bodies.Authorization) -> SessionKey:
        scopes = tuple(dict.fromkeys(body.scopes))
        if not SCOPES.issuperset(scopes) or (ALL in scopes and len(scopes) > 1):
            raise refuse(400, f"scopes {', '.join(scopes)}: give CLOB, COMBOSRFQ or both, or ALL alone")
        if self._intake.lateness(body.valid_until):
            raise refuse(400, f"validUntil {body.valid_until} has passed")
        address, wallet = Wallet(body.session_signer_address.lower()), Wallet(body.wallet_address.lower())
        return SessionKey(address, wallet, scopes, int(body.valid_until))

    def _revoked(self, raw: bytes) -> dict[str, Any]:
        body = bodies.read(raw, bodies.Revocation)
        address, wallet = Wallet(body.session_signer_address.lower()), Wallet(body.wallet_address.lower())
        relayed = self._begin(body, Call(body.wallet_address, 0, calls.REVOKE.call(address)), effect=_nothing)
        self._wallets.sessions.revoke(wallet, address)
        self._sweep(wallet, address)
        return {"status": "FENCED", "fenced": True, "transactionId": relayed.id}

    def _begin(
        self, body: bodies.Authorization | bodies.Revocation, call: Call, *, effect: Callable[[], None]
    ) -> Relayed:
        """Only if the wallet's owner signed this call."""
        wallet = Wallet(body.wallet_address.lower())
        signer = self._intake.batch_signer(
            wallet, [call], nonce=body.nonce, deadline=body.deadline, signature=body.signature
        )
        if wallet not in funders(signer, SignatureType.POLY_1271):
            raise refuse(400, "invalid signature")

        def mined(_tx: str) -> None:
            self._wallets.spend_nonce(wallet)
            effect()

        return self._transactions.begin(
            Request(
                kind="WALLET",
                sender=checksum(signer),
                wallet=wallet,
                to=body.wallet_address,
                data="0x" + call.data.hex(),
                nonce=body.nonce,
                signature=body.signature,
                effect=mined,
                check=lambda: self._intake.lateness(body.deadline),
            )
        )


def _nothing() -> None:
    """A revoked key is already out of the registry when the chain learns of it."""
