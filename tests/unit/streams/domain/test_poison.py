"""How much poison is too much."""

from streams.domain.poison import PoisonCount, PoisonLimits, PoisonWatch
from streams.domain.records import DeadLetter, Record


def batch(begin: int, signs: str) -> tuple[list[Record], list[DeadLetter]]:
    """Return a batch where `x` is poison."""
    records = [Record(begin + n, 0, b"p", b"") for n in range(len(signs))]
    return records, [DeadLetter(record, "bad-json", "") for record, sign in zip(records, signs, strict=True) if sign == "x"]


def test_a_run_may_span_batches() -> None:
    """One good record ends it."""
    watch = PoisonWatch(PoisonLimits(consecutive=3))
    assert watch.note(*batch(0, ".xx")) is None
    assert watch.note(*batch(3, ".xx")) is None
    assert watch.note(*batch(6, "...")) is None
    assert watch.note(*batch(9, "xx")) is None
    assert watch.note(*batch(11, "x.")) == "3 records one after the other cannot be applied, up to offset 12"


def test_a_ratio_needs_enough_events() -> None:
    """It is taken per so many events, then counted anew."""
    watch = PoisonWatch(PoisonLimits(ratio=0.25, events=8))
    assert watch.note(*batch(0, "x.x.")) is None
    assert watch.note(*batch(4, "....")) is None
    assert watch.note(*batch(8, "x.x.x...")) == "38% of the last 8 records cannot be applied"


def test_whoever_continues_counts_on() -> None:
    """A run and a ratio go over a restart; records that come again are not counted again, not even as the end of a run."""
    watch = PoisonWatch(PoisonLimits(consecutive=3))
    assert watch.note(*batch(0, ".xx")) is None
    assert watch.count == PoisonCount(2, 3, 2)
    again = PoisonWatch(PoisonLimits(consecutive=3), watch.count)
    assert again.note(*batch(0, ".xx"), 3) is None
    assert again.count == watch.count
    assert PoisonWatch(PoisonLimits(consecutive=3), again.count).note(*batch(2, "x."), 3) is None
    assert again.note(*batch(1, "xxx"), 3) == "3 records one after the other cannot be applied, up to offset 3"
