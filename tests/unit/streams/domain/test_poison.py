"""How much poison is too much."""

from streams.domain.poison import PoisonLimits, PoisonWatch
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
