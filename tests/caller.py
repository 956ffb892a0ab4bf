"""A bare caller of the CLOB: signs what it is told to, right or wrong."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec

from polybot.core.amounts import limit_amounts, market_buy_amounts
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import Amounts, OrderTerms, TimeInForce
from polybot.polymarket.auth import ApiCredentials, L2Auth, l1_headers
from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.order_body import OrderFactory, SignedOrder
from polybot.polymarket.orders import ZERO_WORD
from polybot.polymarket.signing import LocalSigner
from polybot.simulator.desk import OpenedAccount
from polybot.utils.clock import Clock


class Caller:
    """One account's session. An answer is (status, body); `headers` are those of the last one."""

    def __init__(self, session: aiohttp.ClientSession, url: str, account: OpenedAccount, clock: Clock) -> None:
        self.signer = LocalSigner.from_hex(account.private_key)
        self.account = account
        self.key: dict[str, str] = {}
        self.clock = clock
        self._session = session
        self._url = url
        self._salt = 0
        self.headers: Mapping[str, str] = {}

    def now_s(self) -> int:
        return self.clock.now_ns() // 1_000_000_000

    async def call(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        async with self._session.request(method, self._url + path, data=body or None, headers=headers) as answer:
            self.headers = answer.headers
            return answer.status, msgspec.json.decode(await answer.read())

    async def l1(self, method: str, path: str, *, nonce: int = 0) -> tuple[int, Any]:
        headers = l1_headers(self.signer, chain_id=POLYGON, timestamp_s=self.now_s(), nonce=nonce)
        return await self.call(method, path, headers=headers)

    async def log_in(self) -> None:
        self.key = (await self.l1("POST", "/auth/api-key"))[1]

    def l2_headers(
        self, method: str, path: str, body: bytes = b"", *, timestamp_s: int | None = None
    ) -> dict[str, str]:
        credentials = ApiCredentials(self.key["apiKey"], self.key["secret"], self.key["passphrase"])
        auth = L2Auth(self.signer.address, credentials)
        return auth.headers(method=method, path=path, body=body, timestamp_s=timestamp_s or self.now_s())

    async def l2(self, method: str, path: str, *, body: bytes = b"", query: str = "") -> tuple[int, Any]:
        return await self.call(method, path + query, body=body, headers=self.l2_headers(method, path, body))

    def order(
        self,
        market: Market,
        *,
        side: Side = Side.BUY,
        price: str = "0.40",
        shares: str = "10",
        spend: str = "",
        tif: TimeInForce = TimeInForce.GTC,
        amounts: Amounts | None = None,
        expiration_s: int = 0,
        post_only: bool = False,
        owner: str = "",
        builder: bytes = ZERO_WORD,
        outcome: int = 0,
    ) -> SignedOrder:
        self._salt += 1
        limit = Price.parse(price)
        if amounts is None and spend:
            amounts = market_buy_amounts(spend=Usdc.parse(spend), price=limit, tick=market.tick)
        factory = OrderFactory(
            self.signer,
            funder=self.account.wallet,
            signature_type=self.account.signature_type,
            api_key=owner or self.key["apiKey"],
            builder=builder,
        )
        terms = OrderTerms(
            token=TokenId(market.outcomes[outcome].token),
            condition=ConditionId(market.condition),
            side=side,
            limit=limit,
            amounts=amounts or limit_amounts(side, price=limit, shares=Shares.parse(shares), tick=market.tick),
            tif=tif,
            expiration_s=expiration_s,
            post_only=post_only,
        )
        return factory.build(
            terms, neg_risk=market.neg_risk, salt=self._salt, timestamp_ms=self.clock.now_ns() // 1_000_000
        )

    async def post(self, order: SignedOrder) -> tuple[int, Any]:
        return await self.l2("POST", "/order", body=order.body)
