"""Spans by OpenTelemetry. Only `api.tracing` imports this, when traces are on."""

import time
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from api.tracing import Headers, text_of
from broker.otel import PUBLISHED, below, headers_of, names_of
from schemas.events import Event
from schemas.failure import UsageFailure
from schemas.messages import Bulk, Update
from schemas.topics import TRACEPARENT, TRACESTATE

_NS: int = 1_000_000


def collector() -> SpanExporter:
    """Return what sends spans to the collector that the environment names. Raises `UsageFailure` without the extra."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  because it is an extra
    except ImportError:
        raise UsageFailure("ANABRANCH_TRACING is on, but there is nothing that sends traces: install the extra `otel`.") from None
    exporter: SpanExporter = OTLPSpanExporter()
    return exporter


class Started:
    """A span that is open, and the headers that carry it on."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.headers: Sequence[tuple[str, bytes]] = headers_of(trace.set_span_in_context(span))

    def end(self, problem: str | None) -> None:
        """Close it."""
        if problem is not None:
            self._span.set_status(Status(StatusCode.ERROR, problem))
        self._span.end()


class Collected:
    """Tells a collector, in batches and aside. Spans hold ids, never what a change says."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(service)

    def written(self, event: Event, parent: str | None) -> Started:
        """Begin a span of a write, below the caller's."""
        above = below(parent) if parent else Context()
        return Started(self._tracer.start_span(PUBLISHED, above, SpanKind.PRODUCER, names_of(event)))

    def delivered(self, headers: Headers, message: Update | Bulk, appended_ms: int) -> None:
        """Tell of the worker's part, from the event's place in the log to its cascade's, and of the edge's, from there until now.

        A merged window begins a trace of its own, with a link to each that leads to it.
        """
        above, links = _above(headers, message)
        if not links:
            return
        names: dict[str, str | int] = {"anabranch.stream": message.stream, "anabranch.event_id": message.id}
        if isinstance(message, Bulk) and message.metadata.merged:
            names["anabranch.merged_events"] = message.metadata.merged.events
        now = time.time_ns()
        middle = appended_ms * _NS
        fold = self._tracer.start_span(
            "fold",
            above,
            SpanKind.CONSUMER,
            names,
            links if isinstance(message, Bulk) else (),
            start_time=min(message.timestamp * _NS, middle),
        )
        fold.end(middle)
        frame = self._tracer.start_span(
            "frame", trace.set_span_in_context(fold, above), SpanKind.CONSUMER, names, start_time=min(middle, now)
        )
        frame.end(now)

    def flush(self) -> None:
        """Send what waits."""
        self._provider.force_flush()


def _above(headers: Headers, message: Update | Bulk) -> tuple[Context, list[Link]]:
    """Return what a message's spans are below, and the spans that led to it; no links: nobody traces it."""
    given = text_of(headers)
    state = dict(given).get(TRACESTATE, "")
    above = [below(value, state) for name, value in given if name == TRACEPARENT]
    spans = [trace.get_current_span(context).get_span_context() for context in above]
    links = [Link(span) for span in spans if span.is_valid]
    return (Context() if isinstance(message, Bulk) or not links else above[0]), links
