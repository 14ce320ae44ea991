"""How much happened in each project, minute by minute of event time: tumbling windows, counted by source and action.

An event updates its own minute however late it comes, within a day of log time; one that is later still is only counted as late.
A row is named after its minute of the week, and a week later the same row begins anew: a project keeps at most 10 080 of them.
"""

from typing import Final, cast

from schemas.events import Event
from schemas.rows import ActivityRow, Memory
from schemas.slots import slot_of
from schemas.topics import row_key
from streams.domain.fold import Fold
from streams.domain.times import text_of

_MINUTE_MS: Final = 60_000
_LATE_MS: Final = 24 * 60 * _MINUTE_MS
_MINUTE_CHARS: Final = len("2026-11-23T08:00")
_NO_MEMORY: Final = Memory()


class Activity:
    """What one step adds to the minutes: cheap per event, written as rows at the end of the step. late: events that were too late."""

    __slots__ = ("_counts", "_horizon", "_stamps", "_valid_until_ms", "late")

    def __init__(self) -> None:
        self.late = 0
        self._counts: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        self._stamps: dict[tuple[str, str], int] = {}
        self._horizon = ""
        self._valid_until_ms = -1

    def note(self, fold: Fold, event: Event) -> None:
        """Count an applied event in the minute in which it happened."""
        if fold.time_ms >= self._valid_until_ms:
            self._horizon = text_of(fold.time_ms - _LATE_MS)[:_MINUTE_CHARS]
            self._valid_until_ms = (fold.time_ms // _MINUTE_MS + 1) * _MINUTE_MS
        minute = fold.activity[:_MINUTE_CHARS]
        if minute < self._horizon:
            self.late += 1
            return
        place = (event.project_id, minute)
        counts = self._counts.get(place)
        if counts is None:
            counts = self._counts[place] = {}
        what = (event.source, event.action)
        counts[what] = counts.get(what, 0) + 1
        self._stamps[place] = fold.offset

    def write(self, fold: Fold) -> None:
        """Write the rows. Two minutes of one name can only be met in the order of time: the older one is too late by then."""
        for (project_id, minute), counts in self._counts.items():
            name = slot_of(minute)
            key = row_key("activity", project_id, name)
            node = fold.get(key)
            old = None if node is None else cast(ActivityRow, node.row)
            start = f"{minute}:00.000Z"
            if old is None or old.minute != start:
                old = ActivityRow(id=name, project_id=project_id, minute=start)
            row = ActivityRow(id=name, project_id=project_id, minute=start, events=old.events + sum(counts.values()))
            row.sources, row.actions = dict(old.sources), dict(old.actions)
            for (source, action), count in counts.items():
                row.sources[source] = row.sources.get(source, 0) + count
                row.actions[action] = row.actions.get(action, 0) + count
            row.stamp = self._stamps[project_id, minute]
            fold.put(key, row, _NO_MEMORY)
