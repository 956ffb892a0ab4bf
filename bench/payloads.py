"""Frames and answers in the shapes of Polymarket's wire, made up here. Standard library only: every side imports it.

Shapes: Polymarket's docs and the official Python client 0.14.0, autumn 2026. Hashes are not those of the content.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator

ASSET = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
OTHER_ASSET = "52114319501245915516055106046884209969926127482827954674443846427813813222426"
CONDITION = "0x" + hashlib.sha256(b"condition").hexdigest()
TARGET = "0xAbCdEf0123456789aBcDeF0123456789AbCdEf01"
STRANGER = "0x1234567890aBcDeF1234567890AbCdEf12345678"
KEY, KEY_ADDRESS = "11" * 32, "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
API_KEY, API_SECRET, API_PASSPHRASE = "019a5d3c-0000-7000-8000-00000000c0de", "cG9seWJvdA==", "bench"
ORDER_ID = "0x" + hashlib.sha256(b"order").hexdigest()
NOW_MS = 1_795_305_600_123


def tx_hash(number: int) -> str:
    return "0x" + hashlib.sha256(b"tx%d" % number).hexdigest()


def activity_frame(wallet: str, *, number: int, now_ms: int = NOW_MS) -> str:
    """One filled order as the RTDS activity topic pushes it: BUY of 120 shares around 0.52."""
    payload = {
        "asset": ASSET,
        "bio": "",
        "conditionId": CONDITION,
        "eventSlug": "will-the-bridge-open-before-december",
        "fee": 0.03125,
        "icon": "https://polymarket-upload.s3.us-east-2.amazonaws.com/will-the-bridge-open.png",
        "name": "carefulcoyote",
        "outcome": "Yes",
        "outcomeIndex": 0,
        "price": 0.5200000013,
        "profileImage": "",
        "proxyWallet": wallet,
        "pseudonym": "Careful-Coyote",
        "side": "BUY",
        "size": 120.000001,
        "slug": "will-the-bridge-open-before-december",
        "timestamp": now_ms // 1000,
        "title": "Will the bridge open before December?",
        "transactionHash": tx_hash(number),
    }
    envelope = {
        "connection_id": "Zx8kQd0aLPECJ1g=",
        "payload": payload,
        "timestamp": now_ms,
        "topic": "activity",
        "type": "trades",
    }
    return json.dumps(envelope, separators=(",", ":"))


def book_levels(*, per_side: int = 50, number: int = 0) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Bids and asks, worst first, on a tick of 0.001 around 0.5195. Every tenth level's size grows with `number`."""
    bids = [{"price": _price(519 - n), "size": _size(n, number)} for n in reversed(range(per_side))]
    asks = [{"price": _price(520 + n), "size": _size(n + 7, number)} for n in reversed(range(per_side))]
    return bids, asks


def book_frame(*, per_side: int = 50, number: int = 0) -> str:
    bids, asks = book_levels(per_side=per_side, number=number)
    frame = {
        "market": CONDITION,
        "asset_id": ASSET,
        "timestamp": str(NOW_MS),
        "hash": hashlib.sha1(b"book", usedforsecurity=False).hexdigest(),
        "bids": bids,
        "asks": asks,
        "tick_size": "0.001",
        "event_type": "book",
        "last_trade_price": "0.520",
    }
    return json.dumps([frame], separators=(",", ":"))


def book_frames() -> Iterator[str]:
    """One after the other, each unlike the 2,499 before it."""
    return itertools.cycle([book_frame(number=number) for number in range(2_500)])


def price_change_frame(*, size: str = "431.25") -> str:
    """One placed order, told for both tokens of the market."""
    sides = ((ASSET, "0.515", "BUY", "0.519", "0.52"), (OTHER_ASSET, "0.485", "SELL", "0.48", "0.481"))
    changes = [
        {
            "asset_id": token,
            "price": price,
            "size": size,
            "side": side,
            "hash": hashlib.sha1(token.encode(), usedforsecurity=False).hexdigest(),
            "best_bid": bid,
            "best_ask": ask,
        }
        for token, price, side, bid, ask in sides
    ]
    frame = {
        "market": CONDITION,
        "price_changes": changes,
        "timestamp": str(NOW_MS + 1),
        "event_type": "price_change",
    }
    return json.dumps(frame, separators=(",", ":"))


def user_trade_frame() -> str:
    """Our taker order against one resting order."""
    maker = {
        "order_id": "0x" + hashlib.sha256(b"maker").hexdigest(),
        "owner": "019a5d3c-0000-7000-8000-00000000beef",
        "maker_address": STRANGER,
        "matched_amount": "61.5",
        "price": "0.52",
        "fee_rate_bps": "0",
        "asset_id": ASSET,
        "outcome": "Yes",
        "outcome_index": 0,
        "side": "SELL",
    }
    trade = {
        "asset_id": ASSET,
        "bucket_index": 0,
        "event_type": "trade",
        "fee_rate_bps": "0",
        "id": "5f1b1c1e-3a52-4c92-9d0d-9c2d3a1f7e10",
        "last_update": str(NOW_MS // 1000),
        "maker_address": TARGET,
        "maker_orders": [maker],
        "market": CONDITION,
        "match_time": str(NOW_MS // 1000),
        "outcome": "Yes",
        "owner": API_KEY,
        "price": "0.52",
        "side": "BUY",
        "size": "61.5",
        "status": "MATCHED",
        "taker_order_id": ORDER_ID,
        "timestamp": str(NOW_MS),
        "trade_owner": API_KEY,
        "trader_side": "TAKER",
        "transaction_hash": tx_hash(0),
        "type": "TRADE",
    }
    return json.dumps(trade, separators=(",", ":"))


def order_answer() -> bytes:
    answer = {
        "errorMsg": "",
        "orderID": ORDER_ID,
        "takingAmount": "61.5",
        "makingAmount": "31.98",
        "status": "matched",
        "transactionsHashes": [tx_hash(0)],
        "tradeIDs": ["5f1b1c1e-3a52-4c92-9d0d-9c2d3a1f7e10"],
        "success": True,
    }
    return json.dumps(answer, separators=(",", ":")).encode()


def order_refusal() -> bytes:
    """As the venue answers a FAK order that nothing was left for: nothing of it stays open."""
    answer = {
        "errorMsg": "no orders found to match with FAK order. "
        "FAK orders are partially filled or killed if no match is found.",
        "orderID": "",
        "takingAmount": "",
        "makingAmount": "",
        "status": "",
        "success": True,
    }
    return json.dumps(answer, separators=(",", ":")).encode()


def activity_page(rows: int = 100) -> bytes:
    """A page of GET /v2/activity."""
    data = [_activity_row(number) for number in range(rows)]
    pagination = {"limit": rows, "offset": 0, "has_more": True, "next_cursor": "eyJkYXRhIjp7InR5cGUiOiJhY3Rpdml0eSJ9fQ"}
    return json.dumps({"data": data, "pagination": pagination}, separators=(",", ":")).encode()


def compact_market() -> bytes:
    """GET /clob-markets/{condition}."""
    market = {
        "c": CONDITION,
        "t": [{"t": ASSET, "o": "Yes"}, {"t": OTHER_ASSET, "o": "No"}],
        "mos": 5,
        "mts": 0.001,
        "mbf": 1000,
        "tbf": 1000,
        "ao": True,
        "nr": False,
        "fd": {"r": 0.05, "e": 1, "to": True},
        "v": "v1",
    }
    return json.dumps(market, separators=(",", ":")).encode()


def market_of_token() -> bytes:
    """GET /markets-by-token/{token}."""
    found = {"condition_id": CONDITION, "primary_token_id": ASSET, "secondary_token_id": OTHER_ASSET}
    return json.dumps(found, separators=(",", ":")).encode()


def _activity_row(number: int) -> dict[str, object]:
    return {
        "proxy_wallet": TARGET.lower(),
        "timestamp": NOW_MS // 1000 - number,
        "condition_id": CONDITION,
        "type": "TRADE",
        "size": round(20 + number * 1.25, 6),
        "usdc_size": round((20 + number * 1.25) * 0.52, 6),
        "transaction_hash": tx_hash(number),
        "price": 0.5200000013,
        "token_id": ASSET,
        "side": "BUY" if number % 3 else "SELL",
        "outcome_index": 0,
        "title": "Will the bridge open before December?",
        "slug": "will-the-bridge-open-before-december",
        "icon": "https://polymarket-upload.s3.us-east-2.amazonaws.com/will-the-bridge-open.png",
        "event_slug": "will-the-bridge-open-before-december",
        "outcome": "Yes",
        "name": "carefulcoyote",
        "pseudonym": "Careful-Coyote",
        "bio": "",
        "profile_image": "",
        "profile_image_optimized": "",
    }


def _price(thousandths: int) -> str:
    return f"{thousandths / 1000:.3f}".rstrip("0")


def _size(level: int, number: int) -> str:
    moved = number * 0.01 if level % 10 == 7 else 0.0
    return f"{100 + level * 13.37 + moved:.2f}".rstrip("0").rstrip(".")
