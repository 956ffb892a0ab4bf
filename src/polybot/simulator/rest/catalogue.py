"""Every error that Polymarket's CLOB documents or was seen to give, by name.

From its docs (resources/error-codes, api-reference), the official Python client 0.14.0 and reported incidents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polybot.simulator.rest.replies import Refusal

REGION_DOCS = "https://docs.polymarket.com/developers/CLOB/geoblock"


@dataclass(frozen=True, slots=True)
class Documented:
    """`text` is the body's `error`, with its substitutions in braces; `more` are further fields of the body."""

    status: int
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def refusal(self, *, headers: Mapping[str, str] | None = None, **substitutions: object) -> Refusal:
        """KeyError names a substitution that was not given."""
        text = self.text.format(**substitutions)
        return Refusal(self.status, {"error": text, **self.more}, headers=headers)


_SHORT = "not enough balance / allowance"

CATALOGUE: Mapping[str, Documented] = {
    # the request and who sends it
    "invalid_payload": Documented(400, "Invalid order payload"),
    "wrong_owner": Documented(400, "the order owner has to be the owner of the API KEY"),
    "wrong_signer": Documented(400, "the order signer address has to be the address of the API KEY"),
    "maker_not_allowed": Documented(400, "maker address not allowed, please use the deposit wallet flow"),
    "invalid_signature": Documented(400, "invalid signature"),
    "version_mismatch": Documented(400, "order_version_mismatch"),
    "banned": Documented(400, "'{address}' address banned"),
    "closed_only": Documented(400, "'{address}' address in closed only mode"),
    "unauthorized": Documented(401, "Unauthorized/Invalid api key"),
    "invalid_l1": Documented(401, "Invalid L1 Request headers"),
    "key_exists": Documented(400, "Could not create api key"),
    "no_key": Documented(400, "Could not derive api key!"),
    "region": Documented(403, f"Trading restricted in your region, please refer to available regions - {REGION_DOCS}"),
    # the order
    "off_tick": Documented(400, "order {id} is invalid. Price ({price}) breaks minimum tick size rule: {tick}"),
    "too_small": Documented(400, "order {id} is invalid. Size ({size}) lower than the minimum: {minimum}"),
    "duplicated": Documented(400, "order {id} is invalid. Duplicated."),
    "crosses": Documented(400, "order {id} crosses the book"),
    "post_only_crosses": Documented(400, "invalid post-only order: order crosses book"),
    "below_a_dollar": Documented(400, "invalid amount for a marketable BUY order (${amount}), min size: $1"),
    "market_accuracy": Documented(
        400,
        "invalid amounts, the market {side} orders maker amount supports a max accuracy of {making} decimals,"
        " taker amount a max of {taking} decimals",
    ),
    "accuracy": Documented(
        400,
        "invalid amounts, the {side} orders maker amount supports a max accuracy of {making} decimals,"
        " taker amount a max of {taking} decimals",
    ),
    "inconsistent": Documented(
        400,
        "invalid amounts, the {which} amount for a ${price} order of size {size} should be '{due}'"
        " but the value submited is '{sent}'",
    ),
    "short": Documented(400, _SHORT),
    "short_balance": Documented(
        400, f"{_SHORT}: the balance is not enough -> balance: {{balance}}, order amount: {{amount}}"
    ),
    "short_balance_with_orders": Documented(
        400,
        f"{_SHORT}: the balance is not enough -> balance: {{balance}}, sum of matched orders: {{reserved}},"
        " order amount (inc. fees): {amount}",
    ),
    "short_allowance": Documented(
        400,
        f"{_SHORT}: the allowance is not enough -> spender: {{spender}}, allowance: {{allowance}},"
        " order amount: {amount}",
    ),
    "invalid_expiration": Documented(400, "invalid expiration"),
    "invalid_nonce": Documented(400, "invalid nonce"),
    "canceled_on_chain": Documented(400, "order canceled in the CTF exchange contract"),
    "match_delayed": Documented(400, "order match delayed due to market conditions"),
    "fok_killed": Documented(400, "order couldn't be fully filled. FOK orders are fully filled or killed."),
    "fak_killed": Documented(
        400,
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.",
    ),
    "market_not_ready": Documented(400, "the market is not yet ready to process new orders"),
    "too_many_orders": Documented(400, "Too many orders in payload: {count}, max allowed: {limit}"),
    # reads and cancels
    "invalid_order_id": Documented(400, "Invalid orderID"),
    "invalid_order_params": Documented(400, "invalid order params payload"),
    "invalid_trade_params": Documented(400, "Invalid trade params payload"),
    "invalid_asset_type": Documented(400, "Invalid asset type"),
    "invalid_signature_type": Documented(400, "Invalid signature_type"),
    "too_many_cancels": Documented(400, "Too many orders in payload, max allowed: {limit}"),
    "market_not_found": Documented(404, "market not found"),
    "no_book": Documented(404, "No orderbook exists for the requested token id"),
    "history_too_long": Documented(400, "'startTs' and 'endTs' interval is too long"),
    # the venue
    "restarting": Documented(425, "matching engine is restarting"),
    "rate_limited": Documented(429, "rate limit exceeded"),
    "timed_out": Documented(500, "order timed out"),
    "not_inserted": Documented(500, "could not insert order"),
    "nothing_to_match": Documented(500, "there are no matching orders"),
    "fok_killed_late": Documented(500, "FOK orders are filled or killed"),
    "rounding": Documented(500, "the trade contains rounding issues"),
    "price_discrepancy": Documented(500, "price of taker's order discrepancy {detail}"),
    "post_only_mode": Documented(
        503, "post-only mode: only post-only orders and cancels are allowed", {"code": "post_only_mode"}
    ),
    "cancel_only": Documented(
        503, "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."
    ),
    "disabled": Documented(503, "Trading is currently disabled. Check polymarket.com for updates"),
}


_BY_TEXT = (("not found", 404), ("unauthorized", 401), ("context canceled", 400))


def by_text(text: str, *, status: int) -> int:
    """The status the venue gives to an error: some words in it count for more than its kind."""
    return next((override for words, override in _BY_TEXT if words in text.lower()), status)


def documented(name: str, *, headers: Mapping[str, str] | None = None, **substitutions: object) -> Refusal:
    """LookupError names an unknown error or a substitution that was not given."""
    if name not in CATALOGUE:
        raise LookupError(f"error {name!r} is not documented; known are: {', '.join(CATALOGUE)}")
    return CATALOGUE[name].refusal(headers=headers, **substitutions)
