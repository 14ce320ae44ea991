"""Spans of what is sent, by the provider that the program has set up. Only `connectors.tracing` imports this, where it is in use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, TracerProvider

from broker.otel import PUBLISHED, below, headers_of, names_of
from schemas.events import Event
from schemas.topics import TASK_CHANGES


@contextmanager
def sending(events: Sequence[Event], traceparent: str | None, provider: TracerProvider | None = None) -> Iterator[list[tuple[str, bytes]]]:
    """Hold a span below the given one or the current one, and give the headers that carry it on; without a provider, just that one's.

    One span for all events of a call; it holds ids, never what they say. A failure is its error. provider: instead of the program's.
    """
    above = below(traceparent) if traceparent else None
    tracer = trace.get_tracer("anabranch", tracer_provider=provider)
    with tracer.start_as_current_span(PUBLISHED, above, SpanKind.PRODUCER, _names(events), record_exception=False):
        yield headers_of()


def _names(events: Sequence[Event]) -> dict[str, str | int]:
    """Return attributes: those of the semantic conventions for Kafka, and the names that the edge's own span has."""
    names: dict[str, str | int] = {"messaging.system": "kafka", "messaging.destination.name": TASK_CHANGES}
    if len(events) == 1:
        (event,) = events
        names |= names_of(event)
    elif events:
        names["messaging.batch.message_count"] = len(events)
    return names
