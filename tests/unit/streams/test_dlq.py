"""Dead letters say where they come from and keep what they were."""

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
