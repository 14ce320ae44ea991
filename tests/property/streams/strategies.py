"""Logs of one partition as producers may write them, the mistakes included: a small world, so that events meet each other."""

from typing import Any, Final

from hypothesis import strategies as st

from schemas.events import Event, Fields, encode_event
from schemas.words import Source
from streams.domain.records import Record

START_MS: Final = 1_795_432_100_000
DAY_MS: Final = 24 * 3600 * 1000

PROJECTS: Final = ("p", "p/ö%")
BRANCHES: Final = ("main", "b/1", "бранч")
TASKS: Final = ("t1", "t2", "t3/%", "任务")
SUBTASKS: Final = ("s1", "s2 ✓")
STATUSES: Final = ("todo", "in_progress", "done", "done", "cancelled", "archived", "other", "own-3", "eigener Zustand ü")
PRIORITIES: Final = ("low", "urgent", "sehr wichtig")
ENTITIES: Final = ("project", *["branch"] * 3, *["task"] * 8, *["subtask"] * 5, *["context"] * 2, "member")
_COMMON: Final = ("create", "update", "update", "patch", "patch", "updated", "completed", "delete")
ACTIONS: Final = {
    "project": (*_COMMON, "create", "patch"),
    "branch": _COMMON,
    "task": (*_COMMON, "created"),
    "subtask": _COMMON,
    "context": _COMMON,
    "member": _COMMON,
}
TIMES: Final = ("2026-11-23T08:00:00.000Z", "2026-11-23T11:11:11+02:00", "2026-11-22 09:08:07.123456", "2030-01-01")
JUNK: Final = (None, b"", b"{", b"\xff", b'{"id":"x"}', b"[" * 40 + b"]" * 40, b'{"id":NaN}', b'{"id":"\\ud800"}')

_maybe = st.none()
_ids: Final = {
    "project": st.sampled_from(PROJECTS),
    "branch": st.sampled_from(BRANCHES),
    "task": st.sampled_from(TASKS),
    "subtask": st.sampled_from(SUBTASKS),
    "context": st.sampled_from(["c", "c/2"]),
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
        "parent_id": st.sampled_from(TASKS),
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


def rarely(usual: Any, rare: list[Any]) -> st.SearchStrategy[Any]:  # noqa: ANN401  because a value of any type may be usual
    """Return the usual value most of the time."""
    return st.sampled_from([*[usual] * (4 * len(rare)), *rare])


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw one event about something in the small world."""
    entity = draw(st.sampled_from(ENTITIES))
    project_id = draw(rarely("p", ["p/ö%"]))
    origin = draw(rarely(None, ["beads", "jira"]))
    return Event(
        id=str(draw(st.integers(0, 10**6))),
        entity=entity,
        action=draw(st.sampled_from(ACTIONS[entity])),
        project_id=project_id,
        entity_id=project_id if entity == "project" else draw(_ids[entity]),
        occurred_at=draw(st.sampled_from(TIMES)),
        source=draw(st.sampled_from(["mcp-ai", "mcp-ai", "mcp-ai", "user", "system"])),
        branch_id=draw(st.sampled_from([None, *BRANCHES])),
        task_id=draw(st.sampled_from([None, *TASKS, *TASKS])) if entity in {"subtask", "context"} else None,
        origin=origin,
        version=draw(st.integers(0, 6)) if origin else None,
        if_stamp=draw(rarely(None, [0, 3, 40])),
        session_id=draw(st.sampled_from([None, "s"])),
        correlation_id=draw(st.sampled_from([None, "c"])),
        data=draw(fields()),
    )


@st.composite
def scenes(draw: st.DrawFn) -> list[Event]:
    """Draw events that belong together, which chance would hardly bring: a branch or task that goes and comes back, old versions."""
    branch, task, other = draw(st.sampled_from([*BRANCHES, "b/1"])), draw(st.sampled_from(TASKS)), draw(st.sampled_from(TASKS))
    source: Source = draw(st.sampled_from(["mcp-ai", "user"]))
    number = draw(st.integers(0, 10**6))

    def one(entity: str, action: str, name: str, **more: Any) -> Event:  # noqa: ANN401  any field
        return Event(f"s{number}-{action}-{more.get('version')}", entity, action, "p", name, TIMES[0], source, **more)

    if draw(st.booleans()):
        origins = draw(st.lists(st.tuples(st.sampled_from(["beads", "jira"]), st.integers(0, 4)), min_size=2, max_size=5))
        return [one("task", "update", task, branch_id=branch, origin=origin, version=version) for origin, version in origins]
    gone = ("branch", branch) if draw(st.booleans()) else ("task", task)
    story = [
        one(*(gone[0], "delete", gone[1])),
        one("task", draw(st.sampled_from(["update", "patch"])), other if gone[0] == "branch" else task, branch_id=branch),
        one(gone[0], "create", gone[1], branch_id=branch),
        one("task", "create", other, branch_id=branch),
    ]
    return story[: draw(st.integers(1, 4))]


def _event(
    number: int, entity: str, entity_id: str, data: Fields | None = None, branch_id: str | None = None, task_id: str | None = None
) -> Event:
    return Event(f"base-{number}", entity, "create", "p", entity_id, TIMES[0], "mcp-ai", branch_id=branch_id, task_id=task_id, data=data)


SMALL: Final = [
    _event(0, "project", "p"),
    *(_event(1, "branch", branch) for branch in BRANCHES),
    *(_event(2, "task", task, branch_id=branch) for task, branch in zip(TASKS, (*BRANCHES, "main"), strict=True)),
    *(_event(3, "subtask", subtask, task_id="t1") for subtask in SUBTASKS),
    _event(3, "context", "c", task_id="t1"),
]
"""A project with something in everything."""
WIDE: Final = [
    *SMALL,
    *(
        _event(4, "task", f"w{number}", Fields(status=f"own-{number}", priority=f"own-{number % 18}"), branch_id="b/1")
        for number in range(20)
    ),
]
"""The same with more names in its breakdowns than are shown."""
_WIDE_GOES: Final = Event("wide-goes", "branch", "delete", "p", "b/1", TIMES[0], "user")


def _settles(offset: int, how: bytes) -> tuple[tuple[str, bytes], ...]:
    return (("dlq-action", how), ("dlq-offset", b"%d" % offset))


@st.composite
def logs(draw: st.DrawFn, max_size: int = 40) -> list[Record]:
    """Draw a partition's log: events, now and then junk, offsets with holes, and a clock that may jump over a tombstone's life."""
    begin = draw(st.sampled_from([[], SMALL, SMALL, WIDE]))
    seen: dict[tuple[str, str, str], int] = {}
    single: st.SearchStrategy[Any] = events() | events() | events() | events() | events() | events() | st.sampled_from(JUNK)
    things = draw(st.lists(single, min_size=1, max_size=max_size))
    for scene in draw(st.lists(scenes(), max_size=3)):
        at = draw(st.integers(0, len(things)))
        things[at:at] = scene
    if begin is WIDE and draw(st.booleans()):
        things.insert(draw(st.integers(0, len(things))), _WIDE_GOES)
    records: list[Record] = []
    offset, clock = 0, START_MS
    for thing in [*begin, *things]:
        clock += draw(rarely(0, [1, 40, 1000, -500, 3600_000, DAY_MS, 7 * DAY_MS, 8 * DAY_MS])) if len(records) >= len(begin) else 0
        if isinstance(thing, Event):
            key = thing.entity, thing.project_id, thing.entity_id
            if len(records) >= len(begin) and key in seen and draw(rarely(False, [True])):  # noqa: FBT003  because it is a drawn value
                thing.if_stamp = seen[key]
            seen[key] = offset
            settles = draw(rarely((), [_settles(draw(st.integers(max(0, offset - 8), offset)), how) for how in (b"replay", b"drop", b"?")]))
            records.append(Record(offset, clock, thing.project_id.encode(), encode_event(thing), settles))
            if draw(rarely(False, [True])):  # noqa: FBT003  because it is a drawn value
                records.append(Record(offset := offset + 1, clock, thing.project_id.encode(), encode_event(thing)))
        else:
            settles = draw(rarely((), [_settles(draw(st.integers(max(0, offset - 8), offset)), b"replay")]))
            records.append(Record(offset, clock, draw(st.sampled_from([b"p", b"p", b"nobody", b"\xff", None])), thing, settles))
        offset += draw(rarely(1, [2]))
    return records


def cuts(size: int) -> st.SearchStrategy[list[int]]:
    """Where a log of this size is cut into batches."""
    return st.sets(st.integers(1, max(size - 1, 1)), max_size=6).map(sorted)
