"""Dead letters: the poison record as it was, with headers that say why and where it came from.

A record that came compressed may be longer than any topic takes as it is: of such a one, the beginning is kept.
"""

from collections.abc import Iterable
from typing import Final

from schemas.topics import DLQ_ACTION, DLQ_OFFSET, MAX_EVENT_BYTES, MAX_OFFSET_DIGITS
from streams.domain.records import DeadLetter
from streams.publication import Sendable

_REASON = "reason"
FIRST_SEEN = "first-seen"
_SETTLING = {DLQ_ACTION, DLQ_OFFSET}
_WHOLE_BYTES: Final = 3 * MAX_EVENT_BYTES
"""A letter is kept whole up to here; with our headers it fits where Kafka's own limit of 1 MiB holds."""


def dead_records(letters: Iterable[DeadLetter], topic: str, partition: int, now_ms: int) -> list[Sendable]:
    """Return the records for the dead letter topic: original key, value and headers, and ours behind them.

    reason, detail, source-topic, source-partition, source-offset, first-seen (milliseconds since 1970; kept when a replayed
    record comes back).
    """
    return [_dead_record(letter, topic, partition, now_ms) for letter in letters]


def first_seen_ms(header: bytes) -> int | None:
    """Return the time that a header names; None where it names none: whoever wrote the record wrote it, too."""
    return int(header) if header.isdigit() and len(header) <= MAX_OFFSET_DIGITS else None


def _dead_record(letter: DeadLetter, topic: str, partition: int, now_ms: int) -> Sendable:
    record = letter.record
    seen = next((seen for name, value in record.headers if name == FIRST_SEEN and (seen := first_seen_ms(value)) is not None), now_ms)
    ours = {
        _REASON: letter.reason.encode(),
        "detail": letter.detail.encode(),
        "source-topic": topic.encode(),
        "source-partition": str(partition).encode(),
        "source-offset": str(record.offset).encode(),
        FIRST_SEEN: str(seen).encode(),
    }
    key, value = record.key or b"", record.value or b""
    if len(key) + len(value) + sum(len(name) + len(text) for name, text in record.headers) > _WHOLE_BYTES:
        ours["detail"] += b"; this letter holds its first %d bytes" % MAX_EVENT_BYTES
        return key[:MAX_EVENT_BYTES], value[:MAX_EVENT_BYTES], [*ours.items()]
    theirs = [(name, text) for name, text in record.headers if name not in ours and name not in _SETTLING]
    return record.key, record.value, [*theirs, *ours.items()]
