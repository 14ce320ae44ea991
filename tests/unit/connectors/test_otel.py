"""Spans of what is sent."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connectors.otel import sending
from connectors.typed import Project
from schemas.failure import Failure

SHOP = Project(id="shop", source="system")
EVENTS = [SHOP.create_task(name, "b", title="secret") for name in "ab"]
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Told:
    """A provider, and what is told of its spans."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def span(self) -> ReadableSpan:
        """Return the only span since the last call."""
        (span,) = self._exporter.get_finished_spans()
        self._exporter.clear()
        return span


def test_one_event_is_named_as_the_edge_names_it() -> None:
    """Its headers are the span's; the span is below the given one; no word of what the event says is in it."""
    told = Told()
    with sending(EVENTS[:1], TRACE, told.provider) as headers:
        (name, value), *more = headers
    span = told.span()
    assert span.context is not None
    assert (name, value.decode(), more) == ("traceparent", f"00-{TRACE[3:35]}-{span.context.span_id:016x}-01", [])
    assert (span.name, span.parent and f"{span.parent.span_id:016x}", span.status.is_ok) == ("task-changes publish", TRACE[36:52], True)
    attributes = dict(span.attributes or {})
    assert (attributes["anabranch.event_id"], attributes["anabranch.project_id"]) == (EVENTS[0].id, "shop")
    assert "secret" not in span.to_json()


def test_many_events_are_one_span() -> None:
    """With their number, where it is known; without a span above it, it begins a trace."""
    told = Told()
    with sending(EVENTS, None, told.provider):
        pass
    span = told.span()
    assert (span.parent, dict(span.attributes or {})["messaging.batch.message_count"]) == (None, 2)
    with sending((), None, told.provider):
        pass
    assert "messaging.batch.message_count" not in dict(told.span().attributes or {})


def test_a_failure_is_the_spans_error() -> None:
    """And the caller's, as without spans."""
    told = Told()
    with pytest.raises(Failure), sending(EVENTS, None, told.provider):
        raise Failure("Kafka did not take them")
    assert not told.span().status.is_ok
