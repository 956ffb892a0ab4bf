"""Every failure is classified once: reached the venue or not, and when to try again."""

import pytest

from polybot.polymarket.errors import Failure, FailureKind, classify_response, refusal_code

NOW_NS = 1_795_000_000_000_000_000


def classify(status: int, body: str, kind: str = "application/json", retry_after: str = "") -> Failure:
    return classify_response(
        status=status, content_type=kind, body=body.encode(), retry_after=retry_after, now_ns=NOW_NS
    )


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, '{"error":"not enough balance / allowance: the balance is not enough"}', "not_enough_balance"),
        (400, '{"error":"not enough balance / allowance: the allowance is not enough"}', "allowance_too_low"),
        (400, '{"error":"order 0x1 is invalid. Price (0.575) breaks minimum tick size rule: 0.01"}', "off_tick"),
        (401, '{"error":"Unauthorized/Invalid api key"}', "unauthorized"),
        (403, '{"error":"Trading restricted in your region, please refer to"}', "region_blocked"),
        (404, '{"error":"market not found"}', "market_not_found"),
        (425, "", "restarting"),
        (429, "", "rate_limited"),
        (503, '{"error":"post-only mode: only post-only orders","code":"post_only_mode"}', "post_only_mode"),
        (503, '{"error":"Trading is currently cancel-only. New orders are not accepted"}', "cancel_only"),
        (503, '{"error":"Trading is currently disabled. Check polymarket.com"}', "trading_disabled"),
    ],
)
def test_documented_refusals_prove_that_nothing_was_done(status: int, body: str, code: str) -> None:
    failure = classify(status, body)
    assert (failure.reached_venue, failure.code) == ("yes", code)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, '{"error":"order timed out"}', "application/json"),
        (500, '{"error":"could not insert order"}', "application/json"),
        (503, '{"error":"something else"}', "application/json"),
        (502, "", "application/json"),
        (400, "not json", "text/plain"),
        (400, '{"error": 5}', "application/json"),
        (400, "[1]", "application/json"),
        (302, "", "text/plain"),
        (403, "<html>Cloudflare</html>", "text/html"),
        (429, "<html>1015</html>", "text/html; charset=utf-8"),
        (403, "  <!DOCTYPE html>", "application/octet-stream"),
    ],
)
def test_anything_else_proves_nothing(status: int, body: str, kind: str) -> None:
    assert classify(status, body, kind).reached_venue == "maybe"


@pytest.mark.parametrize(
    ("retry_after", "body", "seconds"),
    [
        ("12", '{"error":"x"}', 12.0),
        ("Wed, 18 Nov 2026 11:07:10 GMT", '{"error":"x"}', 30.0),
        ("", '{"error":"x","retry_after_seconds":79}', 79.0),
        ("soon", '{"error":"x"}', None),
    ],
)
def test_when_to_try_again(retry_after: str, body: str, seconds: float | None) -> None:
    assert classify(503, body, retry_after=retry_after).retry_after_s == seconds


def test_an_unknown_sentence_is_a_plain_refusal() -> None:
    failure = classify(400, '{"error":"a rule invented tomorrow"}')
    assert (failure.kind, failure.code, failure.transient) == (FailureKind.REFUSED, "refused", False)


def test_the_venues_own_spelling_of_misses() -> None:
    assert refusal_code("no orders found to match with FAK order. FAK orders are") == "fak_not_filled"
    assert refusal_code("order couldn't be fully filled. FOK orders are fully filled or killed.") == "fok_not_filled"
