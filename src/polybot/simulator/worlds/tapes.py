"""Recorded tapes: JSON lines of what Polymarket sent, gzip or plain. Everything is checked while it is read."""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from polybot.core.book import Level
from polybot.core.ids import ConditionId, TokenId, Wallet, parse_wallet
from polybot.core.market import NO_FEE, FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc
from polybot.simulator.engine.model import Print
from polybot.simulator.engine.rules import TICKS
from polybot.simulator.worlds.tape_model import (
    BookBody,
    ChangesBody,
    FillBody,
    GammaBody,
    Line,
    MarketBody,
    MetaBody,
    ResolutionBody,
    TickBody,
    WireLevel,
)

_GZIP = b"\x1f\x8b"
T = TypeVar("T")


class TapeError(ValueError):
    """What is wrong, where: file, line and field."""


@dataclass(frozen=True, slots=True)
class TapeMarket:
    market: Market
    event_slug: str
    recorded: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TapeBook:
    """A market event, left as bytes until it is played: a tape may hold a million levels."""

    condition: ConditionId
    raw: bytes

    def body(self) -> MarketBody:
        decoded: MarketBody = _MARKET.decode(self.raw)
        return decoded


@dataclass(frozen=True, slots=True)
class TapeFills:
    """The rows of one transaction in one market, in the order of the tape."""

    tx: str
    prints: tuple[Print, ...]

    def continues(self, tx: str, market: Market) -> bool:
        """Whether another row of this market's transaction belongs here."""
        return self.tx == tx and self.prints[0].token in {outcome.token for outcome in market.outcomes}


@dataclass(frozen=True, slots=True)
class TapeResolution:
    condition: ConditionId
    winner: TokenId


TapeEvent = TapeMarket | TapeBook | TapeFills | TapeResolution


@dataclass(slots=True)
class Tape:
    """`from_ns` is when the recording began; events are (milliseconds since then, event), in order."""

    name: str
    from_ns: int
    wallets: list[Wallet]
    events: list[tuple[int, TapeEvent]] = field(default_factory=list)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINE = msgspec.json.Decoder(Line)
_META = msgspec.json.Decoder(MetaBody)
_GAMMA = msgspec.json.Decoder(GammaBody)
_FILL = msgspec.json.Decoder(FillBody)
_RESOLUTION = msgspec.json.Decoder(ResolutionBody)
_MARKET = msgspec.json.Decoder[MarketBody](MarketBody)


def read_tape(path: str) -> Tape:
    """OSError if the file cannot be read, TapeError for anything wrong in it."""
    return _Reader(path).read()


class _Reader:
    """Reads one file, and knows where it is when something is wrong."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._number = 0
        self._at_ms = 0
        self._markets: dict[ConditionId, Market] = {}
        self._resolved: set[ConditionId] = set()

    def read(self) -> Tape:
        lines = self._lines()
        first = next(lines, None)
        if first is None or first.feed != "meta":
            raise self._wrong("feed", "the first line must be the tape's 'meta'")
        tape = self._meta(first)
        for line in lines:
            self._add(tape, line)
        return tape

    def _lines(self) -> Iterator[Line]:
        for raw in self._raw_lines():
            self._number += 1
            line = self._decode(_LINE, raw, field="")
            if line.at_ms < self._at_ms:
                raise self._wrong("at_ms", f"{line.at_ms} is before the line above ({self._at_ms})")
            self._at_ms = line.at_ms
            yield line

    def _raw_lines(self) -> Iterator[bytes]:
        with Path(self._path).open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            try:
                yield from (line for line in (gzip.GzipFile(fileobj=file) if packed else file) if line.strip())
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise self._wrong("file", f"damaged gzip data ({error})") from None

    def _decode(self, decoder: "msgspec.json.Decoder[T]", raw: bytes | msgspec.Raw, *, field: str) -> T:
        try:
            return decoder.decode(raw)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            raise self._wrong((field + where.rstrip("`")).lstrip("."), what) from None
        except msgspec.DecodeError as error:
            raise self._wrong(field or "line", f"is not JSON ({error})") from None

    def _wrong(self, field: str, what: str) -> TapeError:
        return TapeError(f"{self._path}, line {max(1, self._number)}, {field}: {what}")

    def _meta(self, line: Line) -> Tape:
        body = self._decode(_META, line.body, field="body")
        wallets = [self._wallet(wallet, field="body.wallets") for wallet in body.wallets]
        return Tape(body.name, _ns(body.recorded_from), wallets)

    def _add(self, tape: Tape, line: Line) -> None:
        match line.feed:
            case "gamma":
                tape.events.append((line.at_ms, self._gamma(line)))
            case "market":
                tape.events.append((line.at_ms, self._market(line)))
            case "activity":
                self._fill(tape, line)
            case "resolution":
                tape.events.append((line.at_ms, self._resolution(line)))
            case _:
                raise self._wrong("feed", "'meta' is for the first line only")

    def _gamma(self, line: Line) -> TapeMarket:
        body = self._decode(_GAMMA, line.body, field="body")
        try:
            market = _listed(body)
        except ValueError as error:
            raise self._wrong("body", str(error)) from None
        self._markets[market.condition] = market
        event_slug = body.events[0].slug if body.events else body.slug
        return TapeMarket(market, event_slug, msgspec.json.decode(line.body, type=dict[str, Any]))

    def _market(self, line: Line) -> TapeBook:
        body = self._decode(_MARKET, line.body, field="body")
        if isinstance(body, ChangesBody):
            tokens = [change.asset_id for change in body.price_changes]
        else:
            tokens = [body.asset_id]
        condition = self._known(body.market, tokens, field="body.market")
        if isinstance(body, TickBody) and _price(body.new_tick_size).micro not in TICKS:
            raise self._wrong("body.new_tick_size", f"{body.new_tick_size!r} is no tick size of the venue")
        if isinstance(body, BookBody | ChangesBody):
            self._check_prices(body)
        return TapeBook(condition, bytes(line.body))

    def _check_prices(self, body: BookBody | ChangesBody) -> None:
        levels = body.price_changes if isinstance(body, ChangesBody) else [*body.bids, *body.asks]
        for level in levels:
            if not 0 < _price(level.price).micro < MICRO:
                raise self._wrong("body.price", f"{level.price!r} is not between 0 and 1")

    def _fill(self, tape: Tape, line: Line) -> None:
        """Joins the rows of one transaction that follow each other."""
        body = self._decode(_FILL, line.body, field="body")
        condition = self._known(body.condition_id, [body.asset], field="body.conditionId")
        if not 0 < body.price < 1 or body.size <= 0:
            raise self._wrong("body.price", f"a fill of {body.size} shares at {body.price}")
        entry = self._print(body)
        at_ms, last = tape.events[-1]
        market = self._markets[condition]
        if at_ms == line.at_ms and isinstance(last, TapeFills) and last.continues(body.transaction_hash, market):
            tape.events[-1] = (at_ms, TapeFills(last.tx, (*last.prints, entry)))
        else:
            tape.events.append((line.at_ms, TapeFills(body.transaction_hash, (entry,))))

    def _print(self, body: FillBody) -> Print:
        return Print(
            wallet=self._wallet(body.proxy_wallet, field="body.proxyWallet"),
            token=TokenId(body.asset),
            side=body.side,
            shares=Shares.nearest(body.size),
            usdc=Usdc.nearest(body.size * body.price),
            name=body.name,
        )

    def _resolution(self, line: Line) -> TapeResolution:
        body = self._decode(_RESOLUTION, line.body, field="body")
        condition = self._known(body.market, [body.winning_asset_id], field="body.market")
        self._resolved.add(condition)
        return TapeResolution(condition, TokenId(body.winning_asset_id))

    def _known(self, market: str, tokens: Iterable[str], *, field: str) -> ConditionId:
        condition = ConditionId(market.lower())
        known = self._markets.get(condition)
        if known is None:
            raise self._wrong(field, f"no gamma line before this one lists {market}")
        if condition in self._resolved:
            raise self._wrong(field, f"{known.slug} was resolved on a line before this one")
        ids = {outcome.token for outcome in known.outcomes}
        if stray := [token for token in tokens if token not in ids]:
            raise self._wrong(field, f"token {stray[0]} is not one of {known.slug}'s")
        return condition

    def _wallet(self, text: str, *, field: str) -> Wallet:
        try:
            return parse_wallet(text)
        except ValueError as error:
            raise self._wrong(field, str(error)) from None


def _listed(body: GammaBody) -> Market:
    """ValueError naming the field that makes no sense."""
    names = _two("outcomes", body.outcomes)
    v2 = body.version == "v2"
    tokens = body.position_ids if v2 else _two("clobTokenIds", body.clob_token_ids or "[]")
    if len(tokens) != 2:
        raise ValueError(f"positionIds: two tokens expected, got {len(tokens)}")
    tick = Price.nearest(body.order_price_min_tick_size)
    if tick.micro not in TICKS:
        raise ValueError(f"orderPriceMinTickSize: {body.order_price_min_tick_size} is no tick size of the venue")
    charged = body.fee_schedule if body.fees_enabled else None
    return Market(
        condition=ConditionId(body.condition_id.lower()),
        slug=body.slug,
        question=body.question,
        version=MarketVersion(body.version),
        neg_risk=body.neg_risk,
        outcomes=(Outcome(TokenId(tokens[0]), names[0]), Outcome(TokenId(tokens[1]), names[1])),
        tick=tick,
        min_order=Shares.nearest(body.order_min_size),
        fee=FeeSchedule(Ratio.nearest(charged.rate), charged.exponent) if charged else NO_FEE,
        accepting_orders=True,
        closed=False,
        seconds_delay=body.seconds_delay or 0,
        end_ns=_ns(body.end_date) if body.end_date else None,
    )


def _two(name: str, text: str) -> list[str]:
    try:
        found = msgspec.json.decode(text, type=list[str])
    except msgspec.MsgspecError as error:
        raise ValueError(f"{name}: {error}") from None
    if len(found) != 2:
        raise ValueError(f"{name}: two entries expected, got {len(found)}")
    return found


def _ns(at: datetime) -> int:
    """Exact; text without a zone is UTC."""
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def levels(wire: Iterable[WireLevel]) -> list[Level]:
    return [level(seen.price, seen.size) for seen in wire]


@lru_cache(maxsize=100_000)
def level(price: str, size: str) -> Level:
    return Level(_price(price), Shares.nearest(Decimal(size)))


@lru_cache(maxsize=10_000)
def _price(text: str) -> Price:
    return Price.nearest(Decimal(text))
