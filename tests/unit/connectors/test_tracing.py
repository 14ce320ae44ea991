"""Whose trace events belong to: the one that is given, else the current span's, else none."""

import sys

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from opentelemetry.trace.span import TraceState

from connectors.tracing import is_traceparent, sending

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CURRENT = NonRecordingSpan(
    SpanContext(0xAB << 120, 0xCD, is_remote=False, trace_flags=TraceFlags(1), trace_state=TraceState([("shop", "1")]))
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        TRACE[:-1],
        TRACE + "0",
        TRACE.upper(),
        "ff" + TRACE[2:],
        f"00-{0:032x}-b7ad6b7169203331-01",
        f"{TRACE[:36]}{0:016x}-01",
    ],
)
def test_what_is_no_trace_is_wrong_usage(text: str) -> None:
    """At the caller's line, with the shape that is wanted."""
    assert not is_traceparent(text)
    with pytest.raises(ValueError, match="no traceparent: write 00-"), sending((), text):
        pass


def test_without_opentelemetry_it_is_the_given_one_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not imported for that, and not needed."""
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    monkeypatch.setitem(sys.modules, "connectors.otel", None)
    with sending((), TRACE) as headers:
        assert list(headers) == [("traceparent", TRACE.encode())]
    with sending((), None) as headers:
        assert list(headers) == []


def test_the_current_span_is_carried_on() -> None:
    """With its state; without a provider there is no span of ours in between, and without a span nothing is."""
    with sending((), None) as headers:
        assert list(headers) == []
    with use_span(CURRENT), sending((), None) as headers:
        assert dict(headers) == {"traceparent": f"00-ab{0:030x}-{0xCD:016x}-01".encode(), "tracestate": b"shop=1"}


def test_a_given_trace_wins_over_the_current_span() -> None:
    """Whoever names one means it."""
    with use_span(CURRENT), sending((), TRACE) as headers:
        assert list(headers) == [("traceparent", TRACE.encode())]
