"""The projects that were read, by name and stamp: a second memory, apart from the rows, by which one that is gone as a whole is missed."""

from collections.abc import Iterable


class Roll:
    """Names come and go with the rows of projects in the topics, whatever becomes of the rows in memory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, bool]] = {}

    def note(self, project_id: str, stamp: int, *, live: bool) -> None:
        """Note that a project's row or tombstone was read, unless something newer was read before."""
        if stamp >= self._known.get(project_id, (stamp, live))[0]:
            self._known[project_id] = stamp, live

    def strike(self, project_id: str) -> None:
        """Forget a project whose tombstone left `task-state`."""
        self._known.pop(project_id, None)

    def names(self) -> Iterable[str]:
        """Return the projects of which anything was read."""
        return self._known

    def misses(self, project_id: str, stamp: int | None) -> bool:
        """Tell whether what is there is older than what was read. stamp: of the project's row; None: it is not there, or deleted."""
        known, live = self._known.get(project_id, (0, False))
        return live if stamp is None else stamp < known
