"""Dead letters: the poison record as it was, with headers that say why and where it came from."""

from collections.abc import Iterable

from schemas.topics import DLQ_ACTION, DLQ_OFFSET
from streams.domain.records import DeadLetter
from streams.publication import Sendable

_REASON = "reason"
_FIRST_SEEN = "first-seen"
_SETTLING = {DLQ_ACTION, DLQ_OFFSET}


def dead_records(letters: Iterable[DeadLetter], topic: str, partition: int, now_ms: int) -> list[Sendable]:
    """Return the records for the dead letter topic: original key, value and headers, and ours behind them.

    reason, detail, source-topic, source-partition, source-offset, first-seen (milliseconds since 1970; kept when a replayed
    record comes back).
    """
    return [_dead_record(letter, topic, partition, now_ms) for letter in letters]


def _dead_record(letter: DeadLetter, topic: str, partition: int, now_ms: int) -> Sendable:
    record = letter.record
    first_seen = next((value for name, value in record.headers if name == _FIRST_SEEN), str(now_ms).encode())
    ours = {
        _REASON: letter.reason.encode(),
        "detail": letter.detail.encode(),
        "source-topic": topic.encode(),
        "source-partition": str(partition).encode(),
        "source-offset": str(record.offset).encode(),
        _FIRST_SEEN: first_seen,
    }
    theirs = [(name, value) for name, value in record.headers if name not in ours and name not in _SETTLING]
    return record.key, record.value, [*theirs, *ours.items()]
