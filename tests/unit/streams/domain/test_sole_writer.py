"""Another's rows between ours."""

from schemas.rows import OffsetRow, encode_row
from streams.domain.records import Partition
from streams.domain.sole_writer import Ends, Gap, mended, reach
from tests.property.streams.world import NUMBER, Worker
from tests.unit.streams.domain.scene import event, tell

TASK, BRANCH = b"task/p/t", b"branch/p/b"


def world() -> tuple[dict[bytes, bytes], Worker]:
    """Return the rows as they were after the first of two changes, and the worker after both."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"))
    old = dict(worker.store.values)
    tell(worker, event("task t", "patch", {"status": "done"}))
    return old, worker


def offset_row(through: int) -> bytes:
    """Return the `offset` row of the partition."""
    return encode_row(OffsetRow(partition=NUMBER, through=through))


def test_batches_of_a_sole_writer_touch() -> None:
    """Each begins where the one before ended; what was restored ends where the first begins."""
    ends = Ends(5)
    assert ends.gaps([(5, 3), (8, 1)]) == []
    assert ends.gaps([(9, 2)]) == []


def test_what_lies_between_is_a_gap_and_told_once() -> None:
    """Before the first batch, between two of one publication, and between publications."""
    ends = Ends(0)
    assert ends.gaps([(1, 3), (10, 1)]) == [Gap(0, 1), Gap(4, 10)]
    assert ends.gaps([(11, 1)]) == []


def test_a_log_that_became_shorter_is_no_gap() -> None:
    """After a lost tail the batches go on from the new end."""
    ends = Ends(100)
    assert ends.gaps([(90, 2), (92, 2)]) == []


def test_older_rows_are_undone() -> None:
    """Every row that differs from ours is ours again, ancestors first, the `offset` row last."""
    old, worker = world()
    out = mended(old, worker.store, worker.partition)

    assert [one.key for one in out] == [b"project/p/p", BRANCH, TASK, b"activity/p/mon-12:00", b"offset/3"]
    assert all(worker.store.values[one.key] == one.value for one in out)


def test_what_is_the_same_is_left() -> None:
    """Half a step of an earlier life holds the very same rows: nothing to do."""
    _, worker = world()
    assert mended(worker.store.values, worker.store, worker.partition) == []


def test_rows_of_events_to_come_are_left() -> None:
    """A stamp that is not below `through` will be reached: the fold writes that row itself."""
    old, worker = world()
    behind = Partition(NUMBER, 1, 0)
    late = Worker()
    late.store.values.update(old)

    assert mended(worker.store.values, late.store, behind) == []


def test_keys_that_are_not_ours_are_left() -> None:
    """Rows that this owner doesn't have, `epoch` rows, other partitions' `offset` rows."""
    old, worker = world()
    foreign = {b"task/p/u": old[TASK].replace(b'"t"', b'"u"'), b"epoch/3": b'{"epoch":"e"}', b"offset/4": b"{}"}

    assert mended(foreign, worker.store, worker.partition) == []


def test_an_older_end_is_undone() -> None:
    """Else a reader that knows only the newest `offset` row would believe that events are missing."""
    _, worker = world()
    assert [one.key for one in mended({b"offset/3": offset_row(1)}, worker.store, worker.partition)] == [b"offset/3"]
    assert mended({b"offset/3": offset_row(2)}, worker.store, worker.partition) == []
    assert mended({b"offset/3": offset_row(3)}, worker.store, worker.partition) == []


def test_a_gap_tells_how_far_its_writer_was() -> None:
    """By its newest row, or by its `offset` row; an `epoch` row tells of nothing."""
    _, worker = world()
    rows = {key: value for key, value in worker.store.values.items() if not key.startswith(b"offset/")}
    assert reach({}) == reach({b"epoch/3": b"{}"}) == 0
    assert reach(rows) == worker.partition.through
    assert reach({**rows, b"offset/3": offset_row(9)}) == 9
