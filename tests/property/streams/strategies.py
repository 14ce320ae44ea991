"""Logs of one partition as producers may write them, the mistakes included: a small world, so that events meet each other."""

from typing import Any, Final

from hypothesis import strategies as st

from schemas.events import Event, Fields, encode_event
from streams.domain.records import Record

START_MS: Final = 1_795_432_100_000
DAY_MS: Final = 24 * 3600 * 1000

PROJECTS: Final = ("p", "p/ö%")
BRANCHES: Final = ("main", "b/1", "бранч")
TASKS: Final = ("t1", "t2", "t3/%", "任务")
SUBTASKS: Final = ("s1", "s2")
STATUSES: Final = ("todo", "in_progress", "done", "cancelled", "archived", "other", *(f"own-{number}" for number in range(16)))
PRIORITIES: Final = ("low", "urgent", "sehr wichtig")
ACTIONS: Final = ("create", "update", "patch", "delete", "created", "updated", "completed", "deleted")
JUNK: Final = (None, b"", b"{", b"\xff", b'{"id":"x"}', b"[" * 40 + b"]" * 40, b'{"id":NaN}', b'{"id":"\\ud800"}')

_maybe = st.none()
_ids: Final = {
    "project": st.sampled_from(PROJECTS),
    "branch": st.sampled_from(BRANCHES),
    "task": st.sampled_from(TASKS),
    "subtask": st.sampled_from(SUBTASKS),
    "context": st.just("c"),
    "member": st.just("u"),
}


@st.composite
def fields(draw: st.DrawFn) -> Fields | None:
    """Draw a payload with any of the fields set, to a value or to null."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "title": st.sampled_from(["", "Fix it", "Ünïcode ✓"]),
        "status": st.sampled_from(STATUSES),
        "priority": st.sampled_from(PRIORITIES),
        "branch_id": st.sampled_from(BRANCHES),
        "task_id": st.sampled_from(TASKS),
        "name": st.sampled_from(["Main", "Feature ✓"]),
        "archived": st.booleans(),
        "assignees": st.lists(st.sampled_from(["@a", "@b"]), max_size=2),
        "progress_percentage": st.sampled_from([0.0, 50.0, 100.0]),
        "level": st.just("branch"),
        "version": st.integers(0, 3),
        "role": st.sampled_from(["owner", "viewer"]),
    }
    names = draw(st.sets(st.sampled_from(sorted(choices)), max_size=4))
    return Fields(**{name: draw(choices[name] | _maybe) for name in sorted(names)}) if names else None


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw one event about something in the small world."""
    entity = draw(
        st.sampled_from(["project", "branch", "branch", "task", "task", "task", "task", "subtask", "subtask", "context", "member"])
    )
    project_id = draw(st.sampled_from(PROJECTS))
    origin = draw(st.sampled_from([None, None, "beads", "jira"]))
    return Event(
        id=draw(st.integers(0, 60).map(str)),
        entity=entity,
        action=draw(st.sampled_from(ACTIONS)),
        project_id=project_id,
        entity_id=project_id if entity == "project" else draw(_ids[entity]),
        occurred_at=draw(
            st.sampled_from(["2026-11-23T08:00:00.000Z", "2026-11-23T11:11:11+02:00", "2026-11-22 09:08:07.123456", "2030-01-01"])
        ),
        source=draw(st.sampled_from(["mcp-ai", "mcp-ai", "mcp-ai", "user", "system"])),
        branch_id=draw(st.sampled_from([None, *BRANCHES])),
        task_id=draw(st.sampled_from(TASKS)) if entity == "subtask" and draw(st.booleans()) else None,
        origin=origin,
        version=draw(st.integers(0, 6)) if origin else None,
        if_stamp=draw(st.sampled_from([None, None, None, 0, 1, 2, 3, 5])),
        session_id=draw(st.sampled_from([None, "s"])),
        correlation_id=draw(st.sampled_from([None, "c"])),
        data=draw(fields()),
    )


@st.composite
def logs(draw: st.DrawFn, max_size: int = 40) -> list[Record]:
    """Draw a partition's log: events, now and then junk, offsets with holes, and a clock that may jump over a tombstone's life."""
    entries = draw(st.lists(events() | events() | events() | events() | st.sampled_from(JUNK), min_size=1, max_size=max_size))
    records = []
    offset, clock = 0, START_MS
    for entry in entries:
        clock += draw(st.sampled_from([0, 0, 0, 1, 40, 1000, -500, 8 * DAY_MS]))
        if isinstance(entry, Event):
            record = Record(offset, clock, entry.project_id.encode(), encode_event(entry))
        else:
            record = Record(offset, clock, draw(st.sampled_from([b"p", b"nobody", b"\xff", None])), entry)
        records.append(record)
        offset += draw(st.sampled_from([1, 1, 1, 1, 2]))
    return records


def cuts(size: int) -> st.SearchStrategy[list[int]]:
    """Where a log of this size is cut into batches."""
    return st.sets(st.integers(1, max(size - 1, 1)), max_size=6).map(sorted)
