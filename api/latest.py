"""Which tasks of a project changed last: looked up once per state of the project, not once per reader."""

from heapq import nlargest
from operator import attrgetter

from api.replica import Entry, Replica

_stamp = attrgetter("stamp")


class Latest:
    """The newest `size` tasks by project. Implemented over the replica's version, which moves with every change of a task."""

    def __init__(self, replica: Replica, size: int) -> None:
        self._replica = replica
        self._size = size
        self._known: dict[str, tuple[int, list[Entry]]] = {}

    def of(self, project_id: str) -> list[Entry]:
        """Return the tasks of a project that changed last, newest first; none when there is no such project."""
        rows = self._replica.of(project_id)
        if rows is None:
            self._known.pop(project_id, None)
            return []
        version, found = self._known.get(project_id, (-1, []))
        if version != rows.version:
            found = nlargest(self._size, (task for task in rows.tasks.values() if not task.deleted), key=_stamp)
            self._known[project_id] = (rows.version, found)
        return found
