"""Records are cut into batches in order, each within the batch's own limit."""

from streams.publication import Headers, Sendable, cut


class _Batch:
    """Takes any first record, then up to `room` bytes."""

    def __init__(self, room: int = 10) -> None:
        self.room = room
        self.records: list[Sendable] = []

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers) -> object | None:
        assert timestamp is None
        size = len(value or b"")
        if self.records and size > self.room:
            return None
        self.room -= size
        self.records.append((key, value, headers))
        return object()

    def record_count(self) -> int:
        return len(self.records)


def test_order_is_kept_and_no_batch_is_empty() -> None:
    """Every record is in exactly one batch, in order; one that is larger than a batch goes alone."""
    records: list[Sendable] = [(None, b"x" * size, []) for size in (4, 4, 4, 30, 1, 1)]
    batches: list[_Batch] = []

    def new() -> _Batch:
        batches.append(_Batch())
        return batches[-1]

    assert len(list(cut(records, new))) == len(batches)
    assert [record for batch in batches for record in batch.records] == records
    assert [batch.record_count() for batch in batches] == [2, 1, 1, 2]


def test_nothing_makes_no_batch() -> None:
    """An empty publication sends nothing."""
    assert list(cut([], _Batch)) == []
