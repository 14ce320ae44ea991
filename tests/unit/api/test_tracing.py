"""Traces: one line from a caller's span to the frame, in ids and times; nothing without the switch."""

import sys

import pytest
from msgspec import Raw
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.otel import Collected
from api.tracing import Untraced, text_of, traces_of
from schemas.events import Event
from schemas.failure import UsageFailure
from schemas.messages import (
    Bulk,
    BulkData,
    BulkPayload,
    Cascade,
    Merged,
    Metadata,
    Position,
    Update,
    UpdateData,
    UpdatePayload,
)

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
EVENT = Event(id="e", entity="task", action="patch", project_id="p", entity_id="t", occurred_at="", source="user")


def message(timestamp: int) -> Update:
    """Return the cascade of the event."""
    payload = UpdatePayload(entity="task", action="update", data=UpdateData(primary=Raw(b'{"title":"secret"}'), cascade=Cascade()))
    metadata = Metadata(source="user", position=Position(0, 1))
    return Update(id="e", stream="project:p", timestamp=timestamp, payload=payload, metadata=metadata)


def test_without_the_switch_nothing_is_told() -> None:
    """No headers, no spans, and OpenTelemetry is not needed."""
    traces = traces_of(on=False)
    written = traces.written(EVENT, CALLER)
    assert (isinstance(traces, Untraced), list(written.headers)) == (True, [])
    written.end(None)
    traces.delivered([("traceparent", CALLER.encode())], message(1), 2)


def test_a_collector_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named in a sentence where it is missing."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageFailure, match="otel"):
        traces_of(on=True)


def test_a_change_is_followed_to_its_frame() -> None:
    """Below the caller's span, through the headers of the record: written, folded, handed out; no word of what it says."""
    exporter = InMemorySpanExporter()
    traces = traces_of(on=True, exporter=exporter)
    assert isinstance(traces, Collected)
    written = traces.written(EVENT, CALLER)
    assert [name for name, _ in text_of(written.headers)] == ["traceparent"]
    written.end(None)
    traces.delivered(written.headers, message(1_000), 1_250)
    traces.flush()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert list(spans) == ["task-changes publish", "fold", "frame"]
    parents = [span.parent.span_id if span.parent else 0 for span in spans.values()]
    ids = [span.context.span_id for span in spans.values() if span.context]
    assert parents == [int(CALLER.split("-")[2], 16), *ids[:2]]
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {CALLER.split("-")[1]}
    fold = spans["fold"]
    assert fold.start_time is not None
    assert fold.end_time is not None
    assert fold.end_time - fold.start_time == 250_000_000
    assert "secret" not in str([span.to_json() for span in spans.values()])


def test_what_is_no_trace_is_no_span() -> None:
    """Other headers, broken ones; a caller without a span begins one; a refusal is an error."""
    exporter = InMemorySpanExporter()
    traces = traces_of(on=True, exporter=exporter)
    assert isinstance(traces, Collected)
    for headers in ([], [("other", b"x")], [("traceparent", b"\xff")], [("traceparent", b"00-0-0-00")]):
        traces.delivered(headers, message(1), 2)
    traces.written(EVENT, None).end("log-unavailable")
    traces.written(EVENT, "nonsense").end(None)
    traces.flush()
    spans = exporter.get_finished_spans()
    assert [(span.name, span.parent, span.status.is_ok) for span in spans] == [
        ("task-changes publish", None, False),
        ("task-changes publish", None, True),
    ]


def test_a_merged_window_links_to_every_trace_that_leads_to_it() -> None:
    """It is in none of them and in a trace of its own, with the number of its events; what is no trace is no link."""
    exporter = InMemorySpanExporter()
    traces = traces_of(on=True, exporter=exporter)
    assert isinstance(traces, Collected)
    starts = [traces.written(EVENT, None) for _ in range(3)]
    headers = [header for started in starts for header in started.headers] + [("traceparent", b"nonsense")]
    metadata = Metadata(source="mcp-ai", position=Position(0, 9), merged=Merged(7, [], [], 1_000, 1_500))
    payload = BulkPayload("multiple", "update", BulkData([], Cascade()))
    traces.delivered(headers, Bulk(id="0-1-9", stream="project:p", timestamp=1_500, payload=payload, metadata=metadata), 1_600)
    traces.flush()
    fold, frame = exporter.get_finished_spans()
    written = [value.split("-")[1:3] for name, value in text_of(headers) if name == "traceparent"][:3]
    assert [[f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}"] for link in fold.links] == written
    assert fold.parent is None
    assert fold.context is not None
    assert frame.parent is not None
    assert frame.parent.span_id == fold.context.span_id
    assert f"{fold.context.trace_id:032x}" not in {trace_id for trace_id, _ in written}
    assert dict(fold.attributes or {})["anabranch.merged_events"] == 7
