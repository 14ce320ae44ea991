"""Open sets of changes that wait to be published together: AI windows, and what a replay has touched.

`Windows` belongs to the owner of a partition and is changed only by `step` and `flush`.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import Struct

from schemas.events import Event
from schemas.messages import Merged, SessionCount
from streams.domain.fold import Applied
from streams.domain.rules import MERGED_NAMES, Rules

_NONE: Final = -1
_Session = tuple[str | None, str | None, str]


class Pending(NamedTuple):
    """What a window hands out. primary: key -> whether the row was live before. others: keys of changed ancestors.

    first, last: offsets of the oldest and newest event in it. alone: how many rows of ancestors a message per event would have carried;
    None for events that are told again. traces: W3C `traceparent` of events in it that have one.
    """

    first: int
    last: int
    primary: dict[bytes, bool]
    others: dict[bytes, None]
    merged: Merged
    alone: int | None = None
    traces: tuple[bytes, ...] = ()


class Merging(Struct):
    """What merging did since it was last asked. alone_bytes: about what a message per event would have taken. late_ms: per window."""

    events: int = 0
    messages: int = 0
    bytes: int = 0
    alone_bytes: int = 0
    late_ms: list[int] = []


class Window:
    """One project's changes. closes_ms: wall-clock end, aligned to the window's length; None while a replay fills it.

    told_ms: when it last told something, or began.
    """

    __slots__ = (
        "alone",
        "closes_ms",
        "correlations",
        "events",
        "first",
        "last",
        "opened_ms",
        "others",
        "primary",
        "sessions",
        "told_ms",
        "traces",
    )

    def __init__(self, opened_ms: int, closes_ms: int | None) -> None:
        self.opened_ms = self.told_ms = opened_ms
        self.closes_ms = closes_ms
        self._empty()

    def _empty(self) -> None:
        self.first = self.last = _NONE
        self.events = 0
        self.alone: int | None = 0
        self.primary: dict[bytes, bool] = {}
        self.others: dict[bytes, None] = {}
        self.sessions: dict[_Session, int] = {}
        self.correlations: dict[str, None] = {}
        self.traces: dict[bytes, None] = {}

    @property
    def pending(self) -> bool:
        """Tell whether anything waits to be published."""
        return self.first != _NONE

    def add(self, event: Event, offset: int, applied: Applied) -> None:
        """Take in one applied event."""
        if applied.key not in self.primary:
            self.primary[applied.key] = applied.before is not None
        others = self.others
        for key in applied.ancestors:
            others[key] = None
        if self.alone is not None:
            self.alone += len(applied.ancestors)
        self._note(event, offset)

    def add_again(self, event: Event, offset: int, keys: Iterable[bytes], above: Iterable[bytes]) -> None:
        """Take in one replayed event, with the keys that it may have changed."""
        self.primary.update(dict.fromkeys(keys, True))
        self.others.update(dict.fromkeys(above))
        self.alone = None
        self._note(event, offset)

    def _note(self, event: Event, offset: int) -> None:
        self.last = offset
        if not self.events:
            self.first = offset
        self.events += 1
        session: _Session = (event.session_id, event.user_id, event.source)
        events = self.sessions.get(session, 0)
        if not events and len(self.sessions) >= MERGED_NAMES:
            session = (None, None, event.source)
            events = self.sessions.get(session, 0)
        self.sessions[session] = events + 1
        if event.correlation_id is not None and len(self.correlations) < MERGED_NAMES:
            self.correlations[event.correlation_id] = None

    def trace(self, parent: bytes) -> None:
        """Note the trace of an event that was added; a few are enough to lead to the window."""
        if len(self.traces) < MERGED_NAMES:
            self.traces[parent] = None

    def holds(self, key: bytes) -> bool:
        """Tell whether a message about this key is due."""
        return key in self.primary or key in self.others

    def drain(self, now_ms: int) -> Pending:
        """Return what waits and begin anew."""
        sessions = [SessionCount(events, session, user, source) for (session, user, source), events in self.sessions.items()]
        merged = Merged(self.events, sessions, list(self.correlations), self.opened_ms, max(now_ms, self.opened_ms))
        pending = Pending(self.first, self.last, self.primary, self.others, merged, self.alone, tuple(self.traces))
        self._empty()
        self.opened_ms = self.told_ms = now_ms
        return pending


class Windows:
    """The windows of a partition's projects. A project without one is quiet: its next AI change goes out at once."""

    __slots__ = ("by_project", "is_replaying", "merging")

    def __init__(self) -> None:
        self.is_replaying = False
        self.by_project: dict[str, Window] = {}
        self.merging = Merging()

    def next_close_ms(self) -> int | None:
        """Return the earliest end of an open window, in milliseconds since 1970."""
        return min((window.closes_ms for window in self.by_project.values() if window.closes_ms is not None), default=None)

    def oldest_offset(self) -> int | None:
        """Return the offset of the oldest event that no message has told of yet."""
        return min((window.first for window in self.by_project.values() if window.pending), default=None)

    def take_merging(self) -> Merging | None:
        """Return what merging did since the last call, None where no window told anything."""
        merging = self.merging
        if not (merging.messages or merging.late_ms):
            return None
        self.merging = Merging()
        return merging

    def open(self, project_id: str, now_ms: int, rules: Rules) -> Window:
        """Begin the window of a quiet project."""
        window = self.by_project[project_id] = Window(now_ms, close_of(now_ms, rules))
        return window

    def collect(self, project_id: str, now_ms: int) -> tuple[Window, bool]:
        """Return the window that collects a project's replayed events, and whether it has just begun."""
        window = self.by_project.get(project_id)
        if window is not None:
            return window, False
        window = self.by_project[project_id] = Window(now_ms, None)
        self.is_replaying = True
        return window, True

    def end_replay(self, now_ms: int) -> None:
        """Let all windows that collected replayed events end now."""
        self.is_replaying = False
        for window in self.by_project.values():
            if window.closes_ms is None:
                window.closes_ms = now_ms

    def due(self, now_ms: int, rules: Rules) -> list[str]:
        """Return the projects whose window ends now with something to tell.

        Those windows go on for another length, and so do those that told something lately: who works in bursts is not taken for quiet
        between two of them. The others end.
        """
        due = []
        for project_id, window in list(self.by_project.items()):
            if window.closes_ms is None or window.closes_ms > now_ms:
                continue
            if window.pending:
                self.merging.late_ms.append(now_ms - window.closes_ms)
                window.closes_ms = close_of(now_ms, rules)
                due.append(project_id)
            elif now_ms - window.told_ms < rules.quiet_ms:
                window.opened_ms, window.closes_ms = now_ms, close_of(now_ms, rules)
            else:
                del self.by_project[project_id]
        return due


def close_of(now_ms: int, rules: Rules) -> int:
    """Return the end of the window that contains a time, aligned to the wall clock."""
    return (now_ms // rules.window_ms + 1) * rules.window_ms
