"""What one session changed in a project in the end: its rows as they were before it, after it, and as they are now.

A ledger is fed with the log from its beginning, run by run: records of the session and records of others in turns, each with the
rows that they changed. It asks nobody how events are applied: the rows come from the worker's own fold.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from schemas.events import Event
from schemas.rows import LiveRow, Row, Tombstone, decode_row
from schemas.topics import row_key, split_key
from schemas.words import ACTIONS

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "project": ("name", "archived"),
    "branch": ("name", "archived"),
    "task": (
        *("branch_id", "title", "status", "priority", "assignees", "labels"),
        *("dependencies", "parent_id", "progress_percentage"),
    ),
    "subtask": ("task_id", "title", "status", "assignees", "progress_percentage"),
    "context": ("branch_id", "task_id", "level", "version", "changed"),
    "member": ("user_id", "role"),
}
"""What makes up a row, apart from what is counted or noted: two rows are the same when these are."""
KINDS: Final = tuple(FIELDS)
Content = dict[str, Any]


class Who(Struct, frozen=True, omit_defaults=True):
    """Who changed something."""

    source: str
    user_id: str | None = None
    session_id: str | None = None


class Touched(Struct):
    """A row that the session changed. before: as it was before its first change, after: as it left it. kept: whether `before` is sure.

    others: who changed it after the session's first change of it.
    """

    kind: str
    id: str
    before: Row | None
    after: Row | None
    kept: bool = True
    others: list[Who] = msgspec.field(default_factory=list)


class Span(Struct):
    """When the session worked, by the times of its events as they were sent, and by their offsets."""

    events: int = 0
    began: str = ""
    ended: str = ""
    first_offset: int = -1
    last_offset: int = -1


class Ledger:
    """The rows of one project as the log goes on, and which of them the session changed. whole: whether the log is there from its start."""

    def __init__(self, session_id: str, project_id: str, *, whole: bool) -> None:
        self.session_id = session_id
        self.project_id = project_id
        self.whole = whole
        self.span = Span()
        self.now: dict[bytes, Row] = {}
        self.touched: dict[bytes, Touched] = {}
        self.named: dict[bytes, int] = {}
        self._said: set[bytes] = set()

    def mine(self, event: Event | None) -> bool:
        """Return whether an event is the session's; None is a record that is no event."""
        return event is not None and event.session_id == self.session_id and event.project_id == self.project_id

    def run_of(self, events: Sequence[Event | None]) -> int:
        """Return how many of the next events make a run: all the session's, or none, and one of another's that names a touched row alone.

        Alone, because whether it was applied shows only in whether the row changed.
        """
        first = self.mine(events[0])
        if not first and self._meets(events[0]):
            return 1
        for count, event in enumerate(events):
            if self.mine(event) != first or (not first and self._meets(event)):
                return count
        return len(events)

    def _meets(self, event: Event | None) -> bool:
        return event is not None and _key(event) in self.touched

    def take(self, events: Sequence[tuple[int, Event]], changed: Mapping[bytes, bytes], *, mine: bool) -> None:
        """Take in a run of (offset, event), all the session's or none, and the rows that it changed."""
        named = {_key(event): event for _, event in events}
        if mine:
            self._note(events)
        at = dict(events)
        for key, value in changed.items():
            kind = key[: key.find(b"/")].decode()
            if kind not in FIELDS:
                continue
            before, row = self.now.get(key), decode_row(kind, value)
            self.now[key] = row
            if mine:
                self._mine(key, before, row)
            elif key in self.touched:
                self._others(key, before, row, named.get(key) or at.get(row.stamp))
        self._said |= {key for key, event in named.items() if key in changed and ACTIONS.get(event.action) != "patch"}

    def _note(self, events: Sequence[tuple[int, Event]]) -> None:
        span = self.span
        times = [event.occurred_at for _, event in events]
        span.events += len(events)
        span.began = min(times) if not span.began else min(span.began, *times)
        span.ended = max(span.ended, *times)
        span.first_offset = events[0][0] if span.first_offset < 0 else span.first_offset
        span.last_offset = events[-1][0]
        for _, event in events:
            key = _key(event)
            self.named[key] = self.named.get(key, 0) + 1

    def _mine(self, key: bytes, before: Row | None, row: Row) -> None:
        kind, _, row_id = split_key(key)
        known = self.touched.get(key)
        if known is not None:
            known.after = row
        elif content(kind, before) != content(kind, row):
            self.touched[key] = Touched(kind, row_id, before, row, self.whole or key in self._said)

    def _others(self, key: bytes, before: Row | None, row: Row, by: Event | None) -> None:
        """Note another's change. An event that names the row is one, even when it says what is there already."""
        touched = self.touched[key]
        if content(touched.kind, before) != content(touched.kind, row) or (by is not None and _key(by) == key):
            touched.others.append(Who("system") if by is None else Who(by.source, by.user_id, by.session_id))


def _key(event: Event) -> bytes:
    return row_key(event.entity, event.project_id, event.entity_id)


def content(kind: str, row: Row | None) -> Content | None:
    """Return what makes up a row; None for one that is not there or deleted."""
    if row is None or isinstance(row, Tombstone):
        return None
    return {name: _plain(getattr(row, name)) for name in FIELDS[kind]}


def _plain(value: Any) -> Any:  # noqa: ANN401  because fields are of many types
    return list(value) if isinstance(value, tuple) else value


def live(row: Row | None) -> LiveRow | None:
    """Return a row unless it is not there or deleted."""
    return None if row is None or isinstance(row, Tombstone) else row


class Net(Struct):
    """How many rows of a kind ended up otherwise than they began. A row may be in several; `changed`: in none of the others.

    unchanged: named by the session's events, and in the end as before.
    """

    created: int = 0
    completed: int = 0
    reopened: int = 0
    moved: int = 0
    deleted: int = 0
    changed: int = 0
    unchanged: int = 0


EFFECTS: Final = Net.__struct_fields__


def effects(kind: str, before: Content | None, after: Content | None) -> list[str]:
    """Return what became of a row, in the names of `Net`'s fields."""
    if before == after:
        return ["unchanged"]
    if after is None:
        return ["deleted"]
    done_before, done_after = (one is not None and one.get("status") == "done" for one in (before, after))
    home = {"task": "branch_id", "subtask": "task_id"}.get(kind, "")
    found = {
        "created": before is None,
        "completed": done_after and not done_before,
        "reopened": done_before and not done_after,
        "moved": before is not None and before.get(home) != after.get(home),
    }
    return [name for name, holds in found.items() if holds] or ["changed"]


def net(ledger: Ledger) -> dict[str, Net]:
    """Return the net effect by kind; kinds of which nothing was touched are left out."""
    found: dict[str, Net] = {}
    for key in {**ledger.named, **ledger.touched}:
        kind = key[: key.find(b"/")].decode()
        touched = ledger.touched.get(key)
        if kind not in FIELDS:
            continue
        row = found.setdefault(kind, Net())
        ends = (None, None) if touched is None else (content(kind, touched.before), content(kind, touched.after))
        for name in effects(kind, *ends):
            setattr(row, name, getattr(row, name) + 1)
    return found


def added(parts: Sequence[Mapping[str, Net]]) -> dict[str, Net]:
    """Return the sum over several projects."""
    total: dict[str, Net] = {}
    for part in parts:
        for kind, one in part.items():
            row = total.setdefault(kind, Net())
            for name in EFFECTS:
                setattr(row, name, getattr(row, name) + getattr(one, name))
    return {kind: total[kind] for kind in KINDS if kind in total}


_TOLD: Final = (
    ("completed", "done"),
    ("reopened", "reopened"),
    ("created", "created"),
    ("moved", "moved"),
    ("deleted", "deleted"),
    ("changed", "changed"),
)


def sentence(total: Mapping[str, Net], seconds: float | None) -> str:
    """Return the net effect in one line: `12 done, 3 reopened, 2 created, in 4 s`. Tasks go without their name."""
    parts: list[str] = []
    for kind in ("task", *(one for one in KINDS if one != "task")):
        counts = [f"{count} {word}" for name, word in _TOLD if (count := getattr(total.get(kind, UNSET), name, 0))]
        if counts:
            parts.append(", ".join(counts) if kind == "task" else f"{_many(kind)}: {', '.join(counts)}")
    said = "; ".join(parts) or "nothing changed in the end"
    return said if seconds is None else f"{said}, in {_span(seconds)}"


def _many(kind: str) -> str:
    return "branches" if kind == "branch" else f"{kind}s"


def _span(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:  # noqa: PLR2004  below two days hours say more
        return f"{hours // 24} days"
    if hours >= 1:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes >= 2 else f"{seconds:.0f} s"  # noqa: PLR2004  below two minutes seconds say more
