"""Balances and allowances as the CLOB last saw them on chain: cached, read anew on request and after settlements."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from polybot.core.ids import TokenId, Wallet
from polybot.core.orders import SignatureType, TradeStatus
from polybot.polymarket.contracts import NEG_RISK, NEG_RISK_ADAPTER, POLYGON, STANDARD, V3
from polybot.polymarket.wallets import funders
from polybot.simulator.engine import model
from polybot.simulator.engine.accounts import UNLIMITED, Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKey
from polybot.simulator.rest.replies import Answer, reply
from polybot.simulator.rest.session_keys import SessionKeys

OPERATORS = tuple(exchange[POLYGON].address for exchange in (STANDARD, NEG_RISK, V3))
SPENDERS = (*OPERATORS, NEG_RISK_ADAPTER)
CASH = TokenId("")
KINDS = frozenset({"COLLATERAL", "CONDITIONAL", "CONDITIONAL-V2"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Micro-units."""

    balance: int
    allowances: Mapping[str, int]


class Balances:
    """What nobody has asked for yet is read when it is first asked for. Orders are checked against the venue's own
    books, not against this."""

    def __init__(self, *, exchange: Exchange, gate: Gate, sessions: SessionKeys, lag_s: float) -> None:
        self._exchange = exchange
        self._gate = gate
        self._sessions = sessions
        self._lag_s = lag_s
        self._seen: dict[tuple[Wallet, TokenId], Seen] = {}
        self._updated: set[Wallet] = set()
        exchange.subscribe(self._hear, model.TradeChanged)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/balance-allowance", self._get),
            web.get("/balance-allowance/update", self._update),
        ]

    def was_updated(self, wallet: Wallet) -> bool:
        """Whether its owner ever asked for an update."""
        return wallet in self._updated

    async def _get(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        account, token = self._asked(request, key)
        if account is None:
            return reply(_shown(_read_nothing(token)))
        seen = self._seen.get((account.wallet, token)) or self._read(account, token)
        return reply(_shown(seen))

    async def _update(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        account, token = self._asked(request, key)
        if account is not None:
            self._read(account, token)
            self._updated.add(account.wallet)
        return reply("")

    def _asked(self, request: web.Request, key: ApiKey) -> tuple[Account | None, TokenId]:
        kind, signature_type = request.query.get("asset_type", ""), request.query.get("signature_type", "0")
        if kind not in KINDS:
            raise documented("invalid_asset_type")
        if signature_type not in {"0", "1", "2", "3"}:
            raise documented("invalid_signature_type")
        account = self._account(Wallet(key.address), SignatureType(int(signature_type)))
        return account, CASH if kind == "COLLATERAL" else TokenId(request.query.get("token_id", ""))

    def _account(self, eoa: Wallet, kind: SignatureType) -> Account | None:
        """The wallet of this type that the EOA owns, or may trade for with a session key."""
        wallets = funders(eoa, kind)
        if kind is SignatureType.POLY_1271:
            wallets = (*wallets, *self._sessions.wallets(eoa))
        found = map(self._exchange.accounts.find, wallets)
        return next((account for account in found if account is not None), None)

    def _read(self, account: Account, token: TokenId) -> Seen:
        seen = self._seen[account.wallet, token] = _of(account, token)
        return seen

    def _hear(self, event: model.Event) -> None:
        if isinstance(event, model.TradeChanged) and event.trade.status is TradeStatus.MINED:
            wallets = {event.trade.wallet, *(leg.wallet for leg in event.trade.legs)}
            known = [key for key in self._seen if key[0] in wallets]
            if known:
                self._exchange.agenda.after(self._lag_s, lambda: self._refresh(known))

    def _refresh(self, known: list[tuple[Wallet, TokenId]]) -> None:
        for wallet, token in known:
            account = self._exchange.accounts.find(wallet)
            if account is not None:
                self._read(account, token)


def _of(account: Account, token: TokenId) -> Seen:
    if token == CASH:
        allowances = {spender.lower(): n for spender, n in account.allowances.items()}
        return Seen(account.chain_cash_micro, {spender: allowances.get(spender.lower(), 0) for spender in SPENDERS})
    allowed = {spender: UNLIMITED if account.may_move(token, spender.lower()) else 0 for spender in OPERATORS}
    return Seen(account.chain_held_micro(token), allowed)


def _read_nothing(token: TokenId) -> Seen:
    return Seen(0, dict.fromkeys(SPENDERS if token == CASH else OPERATORS, 0))


def _shown(seen: Seen) -> dict[str, object]:
    return {"balance": str(seen.balance), "allowances": {spender: str(n) for spender, n in seen.allowances.items()}}
