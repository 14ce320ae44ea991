"""Topic names and the keys of `task-state`.

A key is `<kind>/<project_id>/<id>` in UTF-8; `%` and `/` inside an id are percent-encoded, so a key splits
in one way only. Two kinds have no project: `offset/<partition>` and `epoch/<partition>`.
"""

from typing import Final

TASK_CHANGES: Final = "task-changes"
CASCADES: Final = "cascades"
TASK_STATE: Final = "task-state"
DLQ: Final = "task-changes.dlq"
TOPICS: Final = (TASK_CHANGES, CASCADES, TASK_STATE, DLQ)

DLQ_ACTION: Final = "dlq-action"
"""Header of a record on `task-changes` that settles a dead letter: `replay` (the record is the event again, mended) or `drop`."""
DLQ_OFFSET: Final = "dlq-offset"
"""Its companion: the offset of the dead letter in the same partition of `task-changes`."""
MAX_OFFSET_DIGITS: Final = 19
"""Kafka's offsets and times have 63 bits. Whoever reads a number from a header looks at its length first: anybody may have written it."""

TRACEPARENT: Final = "traceparent"
"""Header of W3C Trace Context, on HTTP and on the records of `task-changes` and `cascades`: the trace that a change belongs to."""
TRACESTATE: Final = "tracestate"
"""Its companion."""

MAX_EVENT_BYTES: Final = 256 * 1024
MAX_ID_CHARS: Final = 128
MAX_WORD_CHARS: Final = 64
MAX_TITLE_CHARS: Final = 2000
MAX_NAMES: Final = 1000
MAX_NESTING: Final = 32


def row_key(kind: str, project_id: str, row_id: str) -> bytes:
    """Return the `task-state` key of a row."""
    return f"{kind}/{escape(project_id)}/{escape(row_id)}".encode()


def offset_key(partition: int) -> bytes:
    """Return the key of the row that says how far the rows of a partition go."""
    return b"offset/%d" % partition


def epoch_key(partition: int) -> bytes:
    """Return the key of the row that names the life of a partition."""
    return b"epoch/%d" % partition


def split_key(key: bytes) -> tuple[str, str, str]:
    """Return (kind, project_id, id); for `offset` and `epoch` rows the project is empty and the id the partition."""
    parts = key.decode().split("/")
    if len(parts) == 2:  # noqa: PLR2004  because the module docstring names both forms
        return parts[0], "", parts[1]
    kind, project_id, row_id = parts
    return kind, unescape(project_id), unescape(row_id)


def escape(text: str) -> str:
    """Return the id with `%` and `/` percent-encoded."""
    return text.replace("%", "%25").replace("/", "%2F") if "/" in text or "%" in text else text


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("%2F", "/").replace("%25", "%") if "%" in text else text
