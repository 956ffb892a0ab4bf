"""What an answer to POST /order proves."""

import msgspec

from polybot.core.ids import TradeId
from polybot.polymarket.errors import Failure, RequestFailed, refusal_code
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.models import OrderAnswer, OrderType
from polybot.ports.venue import Accepted, PreparedOrder, Refused, SubmitOutcome, Unknown

_PLACED = frozenset({"live", "matched", "delayed"})

# Sentences that sound like refusals and prove none: the order may be held or known already, or the venue gave up
# waiting for its own answer (sent with status 400).
_INCONCLUSIVE = frozenset({"match_delayed", "broken_off"})


def outcome_of_answer(body: bytes, *, order: PreparedOrder) -> SubmitOutcome:
    """Of an HTTP 200: taken only if it succeeded, names our order and has a status that means placed.

    A refusal can come with success true, no id and a sentence. Status "unmatched" proves neither
    (Polymarket's docs say it rests, others saw it dead).
    """
    try:
        answer = decode(body, OrderAnswer, endpoint="clob.post_order")
    except RequestFailed as failed:
        return Unknown(str(failed.failure))
    if answer.error_msg:
        return _outcome_of_text(answer.error_msg, code=None, retry_after_s=None, order=order)
    if not answer.success or not answer.order_id or answer.status not in _PLACED:
        return Unknown(f"success {answer.success}, status {answer.status!r}, order {answer.order_id!r}")
    if answer.order_id.lower() != order.id:
        return Unknown(f"the venue names the order {answer.order_id}, we {order.id}")
    return Accepted(
        order=order.id,
        resting=answer.status != "matched" or _can_rest(order.wire),
        delayed=answer.status == "delayed",
        trades=tuple(TradeId(trade) for trade in answer.trade_ids or ()),
    )


def outcome_of_failure(failure: Failure, *, order: PreparedOrder) -> SubmitOutcome:
    if failure.reached_venue == "maybe":
        return Unknown(str(failure))
    return _outcome_of_text(failure.detail, code=failure.code, retry_after_s=failure.retry_after_s, order=order)


def _outcome_of_text(
    text: str, *, code: str | None, retry_after_s: float | None, order: PreparedOrder
) -> SubmitOutcome:
    code = code or refusal_code(text)
    if code == "duplicated":
        # The venue has seen these very bytes before: it is ours, and what became of it must be looked up.
        return Accepted(order=order.id, resting=True, delayed=True)
    if code in _INCONCLUSIVE:
        return Unknown(text)
    return Refused(code=code, detail=text, retry_after_s=retry_after_s)


def _can_rest(wire: bytes) -> bool:
    return msgspec.json.decode(wire, type=OrderType).order_type not in ("FAK", "FOK")
