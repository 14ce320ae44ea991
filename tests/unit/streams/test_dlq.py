"""Dead letters say where they come from and keep what they were."""

import pytest

from streams.dlq import dead_records
from streams.domain.records import DeadLetter, Record


def _letter(headers: tuple[tuple[str, bytes], ...] = ()) -> DeadLetter:
    return DeadLetter(Record(7, 1, b"p", b"{", headers), "json", "the value is not JSON")


def test_a_dead_letter_is_the_record_with_its_origin() -> None:
    """Key, value and foreign headers are kept; ours name reason, detail, place and the time it was first seen."""
    [(key, value, headers)] = dead_records([_letter((("trace", b"1"),))], "task-changes", 3, now_ms=99)
    assert (key, value) == (b"p", b"{")
    assert dict(headers) == {
        "trace": b"1",
        "reason": b"json",
        "detail": b"the value is not JSON",
        "source-topic": b"task-changes",
        "source-partition": b"3",
        "source-offset": b"7",
        "first-seen": b"99",
    }


def test_a_letter_that_comes_back_keeps_when_it_was_first_seen() -> None:
    """A replayed record is not younger than it was, and no header is there twice."""
    [(_, _, headers)] = dead_records([_letter((("first-seen", b"5"), ("reason", b"old")))], "task-changes", 3, now_ms=99)
    assert dict(headers)["first-seen"] == b"5"
    assert dict(headers)["reason"] == b"json"
    assert len(headers) == len(dict(headers))


@pytest.mark.parametrize("value", [b"", b"yesterday", b"9" * 5000])
def test_a_first_time_that_is_none_is_now(value: bytes) -> None:
    """Anybody may write the header; whoever lists the letters reads a number."""
    [(_, _, headers)] = dead_records([_letter((("first-seen", value),))], "task-changes", 3, now_ms=99)
    assert dict(headers)["first-seen"] == b"99"


@pytest.mark.parametrize(
    "record",
    [
        Record(7, 1, b"p", b"{" * 5_000_000),
        Record(7, 1, b"k" * 900_000, b"{"),
        Record(7, 1, b"p", b"{", (("h", b"x" * 900_000),)),
    ],
)
def test_of_a_letter_that_no_topic_takes_the_beginning_is_kept(record: Record) -> None:
    """It came compressed; what does not fit would stop the worker at this record for ever."""
    [(key, value, headers)] = dead_records([DeadLetter(record, "too-large", "too long")], "task-changes", 3, now_ms=99)
    assert (key, value) == ((record.key or b"")[:262144], (record.value or b"")[:262144])
    assert dict(headers)["detail"] == b"too long; this letter holds its first 262144 bytes"
    assert "h" not in dict(headers)


def test_a_letter_as_long_as_a_batch_may_be_is_whole() -> None:
    """A person mends what was sent, not a part of it."""
    [(_, value, headers)] = dead_records([DeadLetter(Record(7, 1, b"p", b"{" * 700_000), "too-large", "too long")], "t", 3, now_ms=99)
    assert (len(value or b""), dict(headers)["detail"]) == (700_000, b"too long")
