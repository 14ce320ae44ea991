"""Which tasks a page holds: filters, and keyset pages in the order of ids, which no change disturbs."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class TaskEntry(Protocol):
    """What a filter needs to know of a task."""

    deleted: bool
    branch_id: str
    status: str
    priority: str
    title: str


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Empty sets and None let everything pass. q: part of the title, in any case."""

    branch_id: str | None = None
    statuses: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    q: str | None = None

    def passes(self, task: TaskEntry) -> bool:
        """Return whether a task belongs to the answer."""
        return (
            not task.deleted
            and (self.branch_id is None or task.branch_id == self.branch_id)
            and (not self.statuses or task.status in self.statuses)
            and (not self.priorities or task.priority in self.priorities)
            and (self.q is None or self.q.casefold() in task.title.casefold())
        )


def page_of(
    order: Sequence[str], tasks: Mapping[str, TaskEntry], wanted: TaskFilter, after: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Return the ids of a page and the `after` of the next one (None at the end). order: all ids, sorted."""
    ids: list[str] = []
    for index in range(0 if after is None else bisect_right(order, after), len(order)):
        if wanted.passes(tasks[order[index]]):
            if len(ids) == limit:
                return ids, ids[-1]
            ids.append(order[index])
    return ids, None
