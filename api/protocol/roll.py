"""The projects and members that were read, by name and stamp: a second memory, apart from the rows, by which what is gone is missed.

No digest is over them: a project without any row adds up, and members are no part of what is added up.
"""

from collections.abc import Iterable, Mapping


class Roll:
    """Names come and go with the rows in the topics, whatever becomes of the rows in memory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, bool]] = {}
        self._members: dict[str, dict[str, int]] = {}

    def note(self, project_id: str, stamp: int, *, live: bool) -> None:
        """Note that a project's row or tombstone was read, unless something newer was read before."""
        if stamp >= self._known.get(project_id, (stamp, live))[0]:
            self._known[project_id] = stamp, live

    def strike(self, project_id: str) -> None:
        """Forget a project whose tombstone left `task-state`."""
        self._known.pop(project_id, None)

    def names(self) -> Iterable[str]:
        """Return the projects of which anything was read."""
        return {*self._known, *self._members}

    def misses(self, project_id: str, stamp: int | None) -> bool:
        """Tell whether what is there is older than what was read. stamp: of the project's row; None: it is not there, or deleted."""
        known, live = self._known.get(project_id, (0, False))
        return live if stamp is None else stamp < known

    def note_member(self, project_id: str, row_id: str, stamp: int) -> None:
        """Note that the row or tombstone of a member was read."""
        members = self._members.setdefault(project_id, {})
        members[row_id] = max(stamp, members.get(row_id, stamp))

    def strike_member(self, project_id: str, row_id: str) -> None:
        """Forget a member whose tombstone left `task-state`."""
        members = self._members.get(project_id, {})
        members.pop(row_id, None)
        if not members:
            self._members.pop(project_id, None)

    def misses_members(self, project_id: str, stamps: Mapping[str, int]) -> bool:
        """Tell whether the row of a member is not there, or older than what was read. stamps: of the rows that are there."""
        known = self._members.get(project_id, {})
        return any(row_id not in stamps or stamps[row_id] < stamp for row_id, stamp in known.items())
