"""Rows as records."""

from schemas.rows import OffsetRow
from streams.domain.changelog import state_records
from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, tell


def test_ancestors_come_first_and_the_offset_row_last() -> None:
    """Whoever reads a prefix knows a row's parents before the row; the `offset` row says that the step is whole."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("subtask s", task_id="t"))
    keys = [b"subtask/p/s", b"task/p/t", b"branch/p/b", b"project/p/p"]
    touched = {key: node for key in keys if (node := worker.store.get(key))}

    assert [out.key for out in state_records(touched, OffsetRow(partition=3, through=2))] == [*reversed(keys), b"offset/3"]
