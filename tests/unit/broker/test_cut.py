"""What of `task-state` counts at one moment."""

from broker.cut import StateCut
from schemas.rows import EpochRow, OffsetRow, Tombstone, encode_row
from schemas.topics import offset_key


def row(stamp: int) -> bytes:
    """Return a row with a stamp."""
    return encode_row(Tombstone(id="t", project_id="p", stamp=stamp))


def through(offset: int) -> bytes:
    """Return an `offset` row."""
    return encode_row(OffsetRow(partition=0, through=offset))


def test_a_cut_holds_the_newest_value_below_through() -> None:
    """Rows of a step that is still being written wait; a crash's half step does not hide the value before it."""
    cut = StateCut(0)
    epoch = encode_row(EpochRow(partition=0, epoch="e1"))
    for key, value in ((b"task/p/t", row(1)), (offset_key(0), through(2)), (b"task/p/t", row(9)), (b"epoch/0", epoch)):
        cut.take(key, value)
    assert (cut.epoch, cut.rows) == ("e1", {b"task/p/t": row(1)})
    cut.take(b"task/p/t", row(3))
    cut.take(offset_key(0), through(5))
    assert (cut.through, cut.rows) == (5, {b"task/p/t": row(3)})
    cut.take(b"task/p/t", None)
    cut.take(offset_key(0), through(10))
    assert cut.rows == {}


def test_a_row_that_no_event_accounts_for_is_seen_in_the_end() -> None:
    """When the log has nothing beyond `through`, a greater stamp is a mistake, not the future."""
    cut = StateCut(0)
    for key, value in ((b"task/p/t", row(1)), (offset_key(0), through(2)), (b"task/p/t", row(9))):
        cut.take(key, value)
    cut.settle(everything=True)
    assert cut.rows == {b"task/p/t": row(9)}
