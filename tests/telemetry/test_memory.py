"""Counters and latencies in memory."""

from polybot.telemetry.memory import MemoryTelemetry


def test_counts_are_kept_by_name_and_labels_in_any_order() -> None:
    telemetry = MemoryTelemetry()
    telemetry.count("orders", outcome="accepted", side="BUY")
    telemetry.count("orders", side="BUY", outcome="accepted")
    telemetry.count("orders")
    assert dict(telemetry.counters) == {"orders{outcome=accepted,side=BUY}": 2, "orders": 1}


def test_percentiles_are_of_what_was_observed() -> None:
    telemetry = MemoryTelemetry()
    assert telemetry.percentile("ms", 50) is None
    for value in (3.0, 1.0, 2.0, 4.0):
        telemetry.observe("ms", value)
    assert telemetry.samples("ms") == [3.0, 1.0, 2.0, 4.0]
    assert [telemetry.percentile("ms", p) for p in (25, 50, 75, 100)] == [1.0, 2.0, 3.0, 4.0]


def test_only_the_newest_observations_are_kept() -> None:
    telemetry = MemoryTelemetry()
    for number in range(10_005):
        telemetry.observe("ms", float(number))
    assert len(telemetry.samples("ms")) == 10_000
    assert telemetry.samples("ms")[0] == 5.0


def test_the_summary_says_how_every_endpoint_answers() -> None:
    telemetry = MemoryTelemetry()
    for number in range(1, 101):
        telemetry.count("http_requests", endpoint="clob.book", outcome="ok")
        telemetry.observe("http_seconds", number / 1000, endpoint="clob.book")
    telemetry.count("http_requests", endpoint="clob.book", outcome="timeout")
    assert telemetry.summary() == {
        "counters": {
            "http_requests{endpoint=clob.book,outcome=ok}": 100,
            "http_requests{endpoint=clob.book,outcome=timeout}": 1,
        },
        "observed": {"http_seconds{endpoint=clob.book}": {"n": 100, "p50": 0.05, "p99": 0.099}},
    }
