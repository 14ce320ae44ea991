"""Bytes in flight."""

from streams.domain.records import Record
from streams.weight import Weight


def _batch(begin: int, *sizes: int | None) -> list[Record]:
    return [Record(begin + n, 0, b"p", None if size is None else b"x" * size) for n, size in enumerate(sizes)]


def test_a_batch_counts_until_the_whole_of_it_is_durable() -> None:
    """Tombstones weigh nothing; what is told without rows (-1) changes nothing."""
    weight = Weight()
    weight.took(_batch(0, 10, None, 5))
    weight.took(_batch(7, 100))
    assert weight.total == 115
    for through, left in ((-1, 115), (2, 115), (3, 100), (8, 0), (8, 0)):
        weight.durable(through)
        assert weight.total == left
