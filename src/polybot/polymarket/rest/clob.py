"""The CLOB's public side: time, books, market facts; and the credentials of a signer."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import NO_FEE, FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.auth import ApiCredentials, l1_headers
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.decode import decode, exact
from polybot.polymarket.rest.http import Call, HttpClient, Query
from polybot.polymarket.rest.models import (
    BaseFee,
    BookFrame,
    CompactMarket,
    CredentialsAnswer,
    MarketOfToken,
    NegRisk,
    TickSize,
    Version,
)
from polybot.polymarket.token_ids import has_v2_shape, parse_token
from polybot.ports.signer import Signer
from polybot.utils.clock import Clock

T = TypeVar("T")

_BOOKS_PER_CALL = 500
_NANO = 1_000_000_000


def market_from_compact(wire: CompactMarket) -> Market:
    """Without slug and question. UnexpectedShape unless it has two outcomes with tokens and usable numbers."""
    if len(wire.tokens) != 2 or not all(token.token for token in wire.tokens):
        raise UnexpectedShape(f"market {wire.condition}: 't' lists {len(wire.tokens)} tradable tokens, expected 2")
    first, second = (Outcome(token=TokenId(t.token), name=t.outcome) for t in wire.tokens)
    return Market(
        condition=ConditionId(wire.condition.lower()),
        slug="",
        question="",
        version=_version(wire, first.token),
        neg_risk=wire.neg_risk,
        outcomes=(first, second),
        tick=exact(Price, wire.tick, field=f"market {wire.condition}: mts"),
        min_order=exact(Shares, wire.min_order, field=f"market {wire.condition}: mos"),
        fee=_fee(wire),
        accepting_orders=wire.accepting_orders,
        closed=False,
        seconds_delay=wire.seconds_delay or 0,
    )


def _fee(wire: CompactMarket) -> FeeSchedule:
    if wire.fee is None:
        return NO_FEE
    return FeeSchedule(
        rate=exact(Ratio, wire.fee.rate, field=f"market {wire.condition}: fd.r"), exponent=wire.fee.exponent
    )


def _version(wire: CompactMarket, token: TokenId) -> MarketVersion:
    try:
        return MarketVersion.V2 if has_v2_shape(parse_token(token)) else MarketVersion.V1
    except ValueError as error:
        raise UnexpectedShape(f"market {wire.condition}: t: {error}") from None


class ClobClient:
    """None means: the venue does not know it. RequestFailed: no usable answer. UnexpectedShape: an answer that
    makes no sense."""

    def __init__(self, http: HttpClient, *, clock: Clock, chain_id: int = 137) -> None:
        self._http = http
        self._clock = clock
        self._chain_id = chain_id

    async def server_time_s(self) -> int:
        call = Call("clob.time", Group.CLOB_OTHER, "GET", "/time")
        return decode(await self._http.read(call), int, endpoint=call.name)

    async def version(self) -> int:
        """Generation of the order format the venue takes (2)."""
        call = Call("clob.version", Group.CLOB_OTHER, "GET", "/version")
        return decode(await self._http.read(call), Version, endpoint=call.name).version

    async def ok(self) -> bool:
        await self._http.read(_OK)
        return True

    async def warm_up(self, *, connections: int = 4) -> int:
        """Opens connections before they are needed; returns how many answered."""
        return await self._http.warm_up(_OK, connections=connections)

    async def book(self, token: TokenId) -> BookFrame | None:
        """None: no book (closed, unknown or not yet open)."""
        return await self._find("clob.book", Group.CLOB_BOOK, "/book", BookFrame, query=(("token_id", token),))

    async def books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookFrame]:
        """Any number of tokens, asked in batches; those without a book are missing."""
        found: dict[TokenId, BookFrame] = {}
        for start in range(0, len(tokens), _BOOKS_PER_CALL):
            body = msgspec.json.encode([{"token_id": token} for token in tokens[start : start + _BOOKS_PER_CALL]])
            call = Call("clob.books", Group.CLOB_BOOKS, "POST", "/books", body=body)
            books = decode(await self._http.read(call), tuple[BookFrame, ...], endpoint=call.name)
            found.update((TokenId(book.asset_id), book) for book in books)
        return found

    async def condition_of(self, token: TokenId) -> ConditionId | None:
        found = await self._find("clob.market_of_token", Group.CLOB_OTHER, f"/markets-by-token/{token}", MarketOfToken)
        return ConditionId(found.condition_id.lower()) if found else None

    async def compact_market(self, condition: ConditionId) -> CompactMarket | None:
        return await self._find("clob.market", Group.CLOB_OTHER, f"/clob-markets/{condition}", CompactMarket)

    async def market(self, token: TokenId) -> Market | None:
        """Everything needed to trade, without slug and question, which only Gamma knows."""
        condition = await self.condition_of(token)
        wire = await self.compact_market(condition) if condition else None
        return market_from_compact(wire) if wire else None

    async def tick_size(self, token: TokenId) -> Price | None:
        found = await self._find("clob.tick", Group.CLOB_TICK, "/tick-size", TickSize, query=(("token_id", token),))
        return exact(Price, found.minimum_tick_size, field="minimum_tick_size") if found else None

    async def base_fee_bps(self, token: TokenId) -> int | None:
        """The old display value in basis points; not the fee charged (see Market.fee)."""
        found = await self._find("clob.fee", Group.CLOB_OTHER, "/fee-rate", BaseFee, query=(("token_id", token),))
        return found.base_fee if found else None

    async def neg_risk(self, token: TokenId) -> bool | None:
        found = await self._find("clob.neg_risk", Group.CLOB_OTHER, "/neg-risk", NegRisk, query=(("token_id", token),))
        return found.neg_risk if found else None

    async def credentials(self, signer: Signer, *, nonce: int = 0) -> ApiCredentials:
        """Creates the signer's API credentials, or derives them if they exist."""
        headers = l1_headers(signer, chain_id=self._chain_id, timestamp_s=self._clock.now_ns() // _NANO, nonce=nonce)
        create = Call("clob.create_key", Group.CLOB_AUTH, "POST", "/auth/api-key", headers=lambda: headers)
        derive = Call("clob.derive_key", Group.CLOB_AUTH, "GET", "/auth/derive-api-key", headers=lambda: headers)
        try:
            body = await self._http.write(create)
        except RequestFailed as failed:
            if failed.failure.status != 400:
                raise
            body = await self._http.read(derive)
        found = decode(body, CredentialsAnswer, endpoint=create.name)
        return ApiCredentials(key=found.api_key, secret=found.secret, passphrase=found.passphrase)

    async def _find(self, name: str, group: Group, path: str, shape: type[T], *, query: Query = ()) -> T | None:
        body = await self._http.find(Call(name, group, "GET", path, query=query))
        return None if body is None else decode(body, shape, endpoint=name)


_OK = Call("clob.ok", Group.CLOB_OK, "GET", "/ok")
