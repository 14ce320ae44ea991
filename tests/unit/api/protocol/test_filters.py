"""Pages of tasks."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from api.protocol.filters import TaskFilter, page_of


@dataclass
class Task:
    """A task as filters see it."""

    branch_id: str = "b"
    status: str = "todo"
    priority: str = "low"
    title: str = "Title"
    deleted: bool = False


def test_each_filter_means_what_it_says() -> None:
    """All must pass; empty ones let everything through; deleted tasks never pass."""
    assert TaskFilter().passes(Task())
    assert not TaskFilter().passes(Task(deleted=True))
    assert [TaskFilter(branch_id=name).passes(Task()) for name in ("b", "c")] == [True, False]
    assert [TaskFilter(statuses=frozenset({name})).passes(Task()) for name in ("todo", "done")] == [True, False]
    assert [TaskFilter(priorities=frozenset({name})).passes(Task()) for name in ("low", "high")] == [True, False]
    assert [TaskFilter(q=text).passes(Task()) for text in ("TIT", "tat")] == [True, False]


@given(st.sets(st.text(max_size=3)), st.integers(1, 5), st.data())
def test_pages_are_all_tasks_once_in_order(ids: set[str], limit: int, data: st.DataObject) -> None:
    """Whatever the page size; a task that came or went in between disturbs no other."""
    tasks = {task_id: Task() for task_id in ids}
    stays = set(ids)
    seen: list[str] = []
    after: str | None = None
    for _ in range(len(ids) + 1):
        page, after = page_of(sorted(tasks), tasks, TaskFilter(), after, limit)
        seen += page
        if after is None:
            break
        gone = data.draw(st.sampled_from(sorted(stays)))
        tasks[gone].deleted = True
        stays.discard(gone)
        if not stays:
            break
    assert seen == sorted(set(seen))
    if after is None:
        assert stays <= set(seen) <= ids
