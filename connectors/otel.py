"""Spans of what is sent, by the provider that the program has set up. Only `connectors.tracing` imports this, where it is in use."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schemas.events import Event

_W3C = TraceContextTextMapPropagator()
"""Whatever the program speaks elsewhere: these are the headers that the worker passes on."""


@contextmanager
def sending(
    topic: str, events: Sequence[Event], traceparent: str | None, provider: TracerProvider | None = None
) -> Iterator[list[tuple[str, bytes]]]:
    """Hold a span below the given one or the current one, and give the headers that carry it on; without a provider, just that one's.

    One span for all events of a call; it holds ids, never what they say. A failure is its error. provider: instead of the program's.
    """
    above = _W3C.extract({"traceparent": traceparent}) if traceparent else None
    tracer = trace.get_tracer("anabranch", tracer_provider=provider)
    with tracer.start_as_current_span(f"{topic} publish", above, SpanKind.PRODUCER, _names(topic, events), record_exception=False):
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        yield [(name, value.encode()) for name, value in carrier.items()]


def _names(topic: str, events: Sequence[Event]) -> dict[str, str | int]:
    """Return attributes: those of the semantic conventions for Kafka, and the names that the edge's own span has."""
    names: dict[str, str | int] = {"messaging.system": "kafka", "messaging.destination.name": topic}
    if len(events) == 1:
        (event,) = events
        about = {"project_id": event.project_id, "entity": event.entity, "action": event.action, "event_id": event.id}
        names |= {f"anabranch.{name}": value for name, value in about.items()}
    elif events:
        names["messaging.batch.message_count"] = len(events)
    return names
