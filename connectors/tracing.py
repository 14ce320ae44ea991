"""The trace that events belong to, on its way into their records' headers (W3C Trace Context), which the worker passes on.

A caller hands in a `traceparent`, or has OpenTelemetry (extra `otel`), whose current span is then taken. Nothing here imports it:
where nobody has, there is no span, and a program that needs no traces does not wait for the import.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from schemas.events import Event
from schemas.topics import TRACEPARENT

Headers = list[tuple[str, bytes]]
"""As aiokafka's record batches take them."""
_SHAPE: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def is_traceparent(text: str) -> bool:
    """Return whether a text is the header of a trace, as W3C Trace Context (section 3.2) has it."""
    return _SHAPE.fullmatch(text) is not None


@contextmanager
def sending(events: Sequence[Event], traceparent: str | None) -> Iterator[Headers]:
    """Give the headers for what is sent meanwhile: those of a span that is open so long, else the given one, else none.

    events: what the span names; empty when they are not known yet. Raises `ValueError` for what is no traceparent.
    """
    if traceparent is not None and not is_traceparent(traceparent):
        raise ValueError(f"{traceparent!r} is no traceparent: write 00-<32 hex digits>-<16 hex digits>-01, as W3C Trace Context has it.")
    if "opentelemetry.trace" in sys.modules:
        from connectors import otel  # noqa: PLC0415  because it is an extra

        with otel.sending(events, traceparent) as headers:
            yield headers
    else:
        yield [] if traceparent is None else [(TRACEPARENT, traceparent.encode())]
