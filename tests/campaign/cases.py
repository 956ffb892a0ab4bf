"""Every fault of the simulator, as strong as in a bad hour on the real venue.

WALLET and CONDITION stand for the bot's account and for a market it trades.
"""

from collections.abc import Mapping
from typing import Any

Script = list[dict[str, Any]]
_API = ["clob", "data", "gamma"]
_SOCKETS = ["market", "user", "activity"]
_ORDERS = {"service": "clob", "method": "POST", "path": "/order"}
_PERIOD: dict[str, Any] = {"every_s": 600, "lasts_s": 60}


def _http(kind: str, probability: float = 0.1, **more: object) -> Script:
    return [{"fault": kind, "scope": {"service": _API}, "probability": probability, **more}]


def _frames(kind: str, probability: float, **more: object) -> Script:
    return [{"fault": kind, "scope": {"service": _SOCKETS}, "probability": probability, **more}]


def _orders(kind: str, probability: float = 0.3, **more: object) -> Script:
    return [{"fault": kind, "scope": _ORDERS, "probability": probability, **more}]


def _refused(status: int, text: str, **more: object) -> Script:
    return [{"fault": "refuse", "scope": _ORDERS, "probability": 0.3, "status": status, "text": text, **more}]


CASES: Mapping[str, Script] = {
    "none": [],
    "lose_request": _http("lose_request"),
    "lose_answer": _http("lose_answer"),
    "lose_answer of orders": _orders("lose_answer"),
    "lose_request of orders": _orders("lose_request"),
    "garble": _http("garble"),
    "garble of orders": _orders("garble"),
    "refuse 425": _refused(425, "matching engine restarting"),
    "refuse 429": _refused(429, "rate limit exceeded", headers={"Retry-After": "2"}),
    "refuse 401": _refused(401, "Unauthorized/Invalid api key"),
    "refuse 403": _refused(403, "Trading restricted in your region, please refer to available regions"),
    "refuse balance": _refused(
        400, "not enough balance / allowance: the balance is not enough -> balance: 0, order amount: 1"
    ),
    "refuse tick": _refused(400, "order 0x0 is invalid. Price (0.575) breaks minimum tick size rule: 0.01"),
    "refuse 500 after taking it": _refused(500, "order timed out", after=True),
    "refuse 500 without taking it": _refused(500, "could not insert order"),
    "refuse 503": _refused(503, "Trading is currently cancel-only."),
    "html_403": _http("html_403"),
    "html_403 of orders": _orders("html_403"),
    "duplicate": _http("duplicate"),
    "duplicate of orders": _orders("duplicate"),
    "delay": _http("delay", seconds=8),
    "delay of orders": _orders("delay", seconds=15),
    "reorder": _http("reorder"),
    "truncate": _http("truncate"),
    "reset_mid_body": _http("reset_mid_body"),
    "reset_mid_body of orders": _orders("reset_mid_body"),
    "stall": _http("stall", 0.02),
    "stall of orders": _orders("stall", processed=True),
    "slow": _http("slow", seconds=10),
    "stale_cache": _http("stale_cache"),
    "fill_before_ack": _orders("fill_before_ack", 1.0),
    "fill_after_cancel": [{"fault": "fill_after_cancel"}],
    "drop": _frames("drop", 0.05),
    "duplicate_frame": _frames("duplicate_frame", 0.3),
    "reorder_frames": _frames("reorder_frames", 0.2),
    "garble_frame": _frames("garble_frame", 0.02),
    "truncate_frame": _frames("truncate_frame", 0.02),
    "empty_array": _frames("empty_array", 0.05),
    "gap": _frames("gap", 0.002, lasts_s=60),
    "delay_frames": _frames("delay_frames", 0.002, lasts_s=30),
    "silence": _frames("silence", 0.001, lasts_s=300),
    "no_snapshot": _frames("no_snapshot", 0.5),
    "no_pong": _frames("no_pong", 0.5),
    "wrong_hash": _frames("wrong_hash", 0.02),
    "stale_hash": _frames("stale_hash", 0.02),
    "abrupt_close": _frames("abrupt_close", 0.002),
    "close_1013": _frames("close_1013", 0.002),
    "refuse_connect": [*_frames("refuse_connect", 0.5), *_frames("abrupt_close", 0.002)],
    "poisoned_subscription": [{"fault": "poisoned_subscription", "count": 5}, *_frames("abrupt_close", 0.002)],
    "late_auth_failure": [{"fault": "late_auth_failure", "count": 5}, *_frames("abrupt_close", 0.002)],
    "identical_rows": [{"fault": "identical_rows", "probability": 0.1}],
    "unenriched_rows": [{"fault": "unenriched_rows", "probability": 0.5}],
    "missing_rows": [{"fault": "missing_rows", "probability": 0.05}],
    "hour_old_rows": [{"fault": "hour_old_rows", "probability": 0.2}],
    "match_then_fail": [{"fault": "match_then_fail", "probability": 0.1}],
    "retry": [{"fault": "retry", "probability": 0.3, "retries": 2}],
    "partial": [{"fault": "partial", "probability": 0.5, "share": 0.4}],
    "restart": [{"fault": "restart", "after_s": 300, "every_s": 1800}],
    "reorg": [{"fault": "reorg", "depth": 3, "every_s": 60}],
    "deaf_subscription": [{"fault": "deaf_subscription", **_PERIOD}],
    "withheld_log": [{"fault": "withheld_log", "share": 0.2}],
    "uneven_logs": [{"fault": "uneven_logs", "share": 0.2}],
    "unseen_pending": [{"fault": "unseen_pending"}],
    "closing_node": [{"fault": "closing_node", "share": 0.05}],
    "lagging_logs": [{"fault": "lagging_logs", "blocks": 20}],
    "range_limit": [{"fault": "range_limit", "blocks": 10}],
    "pruned_history": [{"fault": "pruned_history", "blocks": 100}],
    "cancel_only": [{"fault": "cancel_only", **_PERIOD}],
    "post_only": [{"fault": "post_only", **_PERIOD}],
    "disabled": [{"fault": "disabled", **_PERIOD}],
    "tick_change": [{"fault": "tick_change", "scope": {"condition": "CONDITION"}, "tick": "0.001", **_PERIOD}],
    "clock_skew": [{"fault": "clock_skew", "seconds": 45, **_PERIOD}],
    "closed_only": [{"fault": "closed_only", "scope": {"wallet": "WALLET"}, **_PERIOD}],
    "banned": [{"fault": "banned", "scope": {"wallet": "WALLET"}, **_PERIOD}],
    "geoblock": [{"fault": "geoblock", **_PERIOD}],
}
