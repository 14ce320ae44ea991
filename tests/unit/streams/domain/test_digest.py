"""Checksums."""

from schemas.rows import TaskSummary
from streams.domain.digest import HASH_CHARS, id_hash, task_digest


def test_digest_sees_what_counts() -> None:
    """A task's digest moves with its id, status, priority and stamp, and with nothing else."""
    task = TaskSummary(id="t", project_id="p", branch_id="b", stamp=1)

    others = [
        TaskSummary(id="u", project_id="p", branch_id="b", stamp=1),
        TaskSummary(id="t", project_id="p", branch_id="b", stamp=2),
        TaskSummary(id="t", project_id="p", branch_id="b", stamp=1, status="done"),
        TaskSummary(id="t", project_id="p", branch_id="b", stamp=1, priority="low"),
    ]

    assert len({task_digest(one) for one in [task, *others]}) == 5
    assert task_digest(TaskSummary(id="t", project_id="q", branch_id="c", title="x", stamp=1)) == task_digest(task)


def test_ids_are_remembered_in_14_digits() -> None:
    """Hashes are the same in every process and equally long."""
    assert id_hash("0199") == id_hash("0199")
    assert len({id_hash(str(number)) for number in range(1000)}) == 1000
    assert all(len(id_hash(str(number))) == HASH_CHARS for number in range(100))
