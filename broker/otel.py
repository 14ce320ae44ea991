"""What all spans of writing to `task-changes` have in common (OpenTelemetry). Imported only where traces are in use: it is an extra."""

from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schemas.events import Event
from schemas.topics import TASK_CHANGES, TRACEPARENT, TRACESTATE

PUBLISHED: Final = f"{TASK_CHANGES} publish"
"""Name of the span of a write."""
_W3C: Final = TraceContextTextMapPropagator()
"""Whatever a program speaks elsewhere: these are the headers that the worker passes on."""


def below(traceparent: str, tracestate: str = "") -> Context:
    """Return the context of what is done for the trace that these name."""
    return _W3C.extract({TRACEPARENT: traceparent, TRACESTATE: tracestate})


def headers_of(context: Context | None = None) -> list[tuple[str, bytes]]:
    """Return the headers of a record that carry the trace of a context on, by default of the current one; none without a trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, context)
    return [(name, value.encode()) for name, value in carrier.items()]


def names_of(event: Event) -> dict[str, str]:
    """Return what a span says of the event that is written: names and ids, never what it says."""
    about = {"project_id": event.project_id, "entity": event.entity, "action": event.action, "event_id": event.id}
    return {f"anabranch.{name}": value for name, value in about.items()}
