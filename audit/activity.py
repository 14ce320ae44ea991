"""The recount of activity: applied events per project and minute of event time. Pure."""

import datetime as dt
from collections import Counter, defaultdict
from typing import Final

from audit.intake import time_of
from schemas.rows import ActivityRow

_DAY_MS: Final = 24 * 3600 * 1000


class Minutes:
    """Counts by project and minute of the week; the newest minute of a name is the one that counts."""

    def __init__(self) -> None:
        self.late = 0
        self._minutes: dict[tuple[str, str], dt.datetime] = {}
        self._sources: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._actions: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._stamps: dict[tuple[str, str], int] = {}

    def take(self, project_id: str, at: str, how: tuple[str, str], log_ms: int, offset: int) -> None:
        """Count an applied event. how: its source and action; log_ms: newest record time so far."""
        minute = dt.datetime.fromisoformat(at).replace(second=0, microsecond=0)
        if minute < time_of(log_ms - _DAY_MS).replace(second=0, microsecond=0):
            self.late += 1
            return
        name = (project_id, minute.strftime("%a-%H:%M").lower())
        if self._minutes.get(name) != minute:
            self._minutes[name] = minute
            self._sources[name], self._actions[name] = Counter(), Counter()
        self._sources[name][how[0]] += 1
        self._actions[name][how[1]] += 1
        self._stamps[name] = offset

    def rows(self) -> dict[tuple[str, str, str], ActivityRow]:
        """Return the rows that `task-state` should hold."""
        return {
            ("activity", project_id, name): ActivityRow(
                id=name,
                project_id=project_id,
                minute=minute.strftime("%Y-%m-%dT%H:%M:00.000Z"),
                events=self._sources[project_id, name].total(),
                sources=dict(self._sources[project_id, name]),
                actions=dict(self._actions[project_id, name]),
                stamp=self._stamps[project_id, name],
            )
            for (project_id, name), minute in self._minutes.items()
        }
