"""Traces from a write to its frame (OpenTelemetry), for operators who install the extra `otel` and switch them on; otherwise nothing.

The trace travels as W3C Trace Context: in the HTTP header of a write, in the headers of its record in `task-changes`, which the worker
passes on to `cascades`; in the metadata of a change by WebSocket. A merged window belongs to many traces: it begins one of its own and
links to them.
"""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from schemas.events import Event
from schemas.failure import UsageFailure
from schemas.messages import Bulk, Update

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

Headers = Sequence[tuple[str, bytes]]
SERVICE: Final = "anabranch-edge"


class Written(Protocol):
    """A change on its way into the log."""

    @property
    def headers(self) -> Headers:
        """Return the headers of its record."""

    def end(self, problem: str | None) -> None:
        """Note that it is there, or why not (the code of a problem)."""


class Traces(Protocol):
    """Where what happens to a change is told."""

    def written(self, event: Event, parent: str | None) -> Written:
        """Begin to write a change. parent: the caller's `traceparent`."""

    def delivered(self, headers: Headers, message: Update | Bulk, appended_ms: int) -> None:
        """Note a message that was handed out. appended_ms: when it was appended to `cascades` (ms since 1970)."""


class Untraced:
    """Tells nobody."""

    headers: Headers = ()

    def written(self, event: Event, parent: str | None) -> Written:  # noqa: ARG002  it has the shape of the others
        """Note nothing."""
        return self

    def end(self, problem: str | None) -> None:
        """Note nothing."""

    def delivered(self, headers: Headers, message: Update | Bulk, appended_ms: int) -> None:
        """Note nothing."""


def traces_of(*, on: bool, exporter: "SpanExporter | None" = None) -> Traces:
    """Return where to tell. exporter: instead of the collector that the environment names. Raises `UsageFailure` without the extra."""
    if not on:
        return Untraced()
    if importlib.util.find_spec("opentelemetry") is None or importlib.util.find_spec("opentelemetry.sdk") is None:
        raise UsageFailure("ANABRANCH_TRACING is on, but OpenTelemetry is not installed: install the extra `otel`, or switch it off.")
    from api import otel  # noqa: PLC0415  because it is an extra

    return otel.Collected(SERVICE, exporter or otel.collector())


def text_of(headers: Headers) -> list[tuple[str, str]]:
    """Return headers of a record as text."""
    return [(name, value.decode("ascii", "replace")) for name, value in headers]
