"""The recount follows architecture.md §3: one test per rule, one event after the other."""

import itertools
import json

import pytest

from audit.fold import TOMBSTONE_MS, Fold, Node
from audit.intake import Record

NOW_MS = 1_780_000_000_000


class Log:
    """A partition that is written and recounted at once."""

    def __init__(self) -> None:
        self.fold = Fold()
        self.time_ms = NOW_MS
        self._offsets = itertools.count()

    def add(self, entity: str, action: str, row_id: str, **more: object) -> str:
        """Append one event and return what became of it."""
        offset = next(self._offsets)
        event = {
            "id": f"e{offset}",
            "entity": entity,
            "action": action,
            "project_id": "p",
            "entity_id": row_id,
            "occurred_at": "2026-01-01T00:00:00.000Z",
            "source": "user",
            **more,
        }
        before = self.fold.outcomes.copy()
        self.fold.take(Record(offset, self.time_ms, b"p", json.dumps(event).encode()))
        return next(iter(self.fold.outcomes - before))

    def node(self, kind: str, row_id: str) -> Node:
        """Return a row."""
        return self.fold.nodes[kind, "p", row_id]


@pytest.fixture
def log() -> Log:
    """Return an empty partition."""
    return Log()


@pytest.mark.parametrize(
    ("before", "action", "outcome", "live"),
    [
        ((), "create", "applied", True),
        ((), "update", "applied", True),
        ((), "patch", "unknown", None),
        ((), "delete", "applied", False),
        (("create",), "create", "applied", True),
        (("create",), "update", "applied", True),
        (("create",), "patch", "applied", True),
        (("create",), "delete", "applied", False),
        (("create", "delete"), "create", "applied", True),
        (("create", "delete"), "update", "late", False),
        (("create", "delete"), "patch", "deleted", False),
        (("create", "delete"), "delete", "kept", False),
    ],
)
def test_the_table_of_revival(log: Log, before: tuple[str, ...], action: str, outcome: str, live: bool | None) -> None:  # noqa: FBT001  because it is a table
    """Each cell of the table in §3."""
    for earlier in before:
        log.add("task", earlier, "t")
    assert log.add("task", action, "t") == outcome
    node = log.fold.nodes.get(("task", "p", "t"))
    assert (None if node is None else node.live) is live


def test_of_too_many_origins_the_lowest_version_is_forgotten(log: Log) -> None:
    """As the worker forgets it, lest its row grow without end."""
    log.add("task", "update", "t", origin="beads", version=9)
    for number in range(64):
        log.add("task", "update", "t", origin=f"run-{number}", version=number % 2)
    assert log.add("task", "update", "t", origin="beads", version=9) == "stale"
    assert log.add("task", "update", "t", origin="run-0", version=0) == "applied"
    assert len(log.node("task", "t").origins) == 64


def test_an_older_version_of_the_same_origin_is_stale(log: Log) -> None:
    """Also a delete and a create of a deleted row; other origins do not compare."""
    log.add("task", "create", "t", origin="o", version=5)
    assert log.add("task", "update", "t", origin="o", version=5) == "stale"
    assert log.add("task", "delete", "t", origin="o", version=4) == "stale"
    assert log.add("task", "update", "t", origin="other", version=1) == "applied"
    assert log.add("task", "delete", "t", origin="o", version=6) == "applied"
    assert log.add("task", "create", "t", origin="o", version=6) == "stale"
    assert log.add("task", "create", "t", origin="o", version=7) == "applied"


def test_a_row_remembers_its_last_eight_events(log: Log) -> None:
    """A retry is dropped; the ninth before is forgotten."""
    log.add("task", "create", "t", id="first")
    assert log.add("task", "update", "t", id="first") == "duplicate"
    for number in range(8):
        log.add("task", "update", "t", id=f"x{number}")
    assert log.add("task", "update", "t", id="first") == "applied"


def test_a_condition_holds_only_for_the_stamp_it_names(log: Log) -> None:
    """The stamp is the offset of the row's last event."""
    log.add("task", "create", "t")
    assert log.add("task", "patch", "t", if_stamp=7) == "condition"
    assert log.add("task", "patch", "t", if_stamp=0) == "applied"
    assert log.add("task", "patch", "new", if_stamp=0) == "condition"


def test_branch_and_project_exist_from_their_first_task_on(log: Log) -> None:
    """A task without a branch is in main."""
    log.add("task", "create", "t")
    log.add("task", "create", "u", git_branch_id="b")
    assert log.node("branch", "main").live
    assert log.node("branch", "b").live
    assert log.node("project", "p").live
    assert log.node("task", "t").parent == "main"


def test_an_event_touches_all_above_it(log: Log) -> None:
    """Stamp and newest time of task, branch and project follow a subtask; the time is capped by the record's."""
    log.add("task", "create", "t", branch_id="b")
    log.add("subtask", "create", "s", task_id="t", occurred_at="2999-01-01T00:00:00Z")
    log.add("subtask", "update", "s", task_id="t", occurred_at="2001-01-01T00:00:00Z")
    for kind, row_id in (("subtask", "s"), ("task", "t"), ("branch", "b"), ("project", "p")):
        assert log.node(kind, row_id).stamp == 2
        assert log.node(kind, row_id).last_activity == "2026-05-28T20:26:40.000Z"


def test_a_move_touches_both_branches(log: Log) -> None:
    """And the subtasks, whose branch it changes."""
    log.add("task", "create", "t", branch_id="a")
    log.add("subtask", "create", "s", task_id="t")
    log.add("task", "patch", "t", branch_id="b")
    assert [log.node(kind, row_id).stamp for kind, row_id in (("branch", "a"), ("branch", "b"), ("subtask", "s"))] == [2, 2, 2]


def test_a_delete_takes_everything_below_along(log: Log) -> None:
    """Under a deleted branch events are dropped until a create revives it; then it starts empty."""
    log.add("task", "create", "t", branch_id="b")
    log.add("subtask", "create", "s", task_id="t")
    log.add("branch", "delete", "b")
    assert [log.node(kind, row_id).live for kind, row_id in (("branch", "b"), ("task", "t"), ("subtask", "s"))] == [False] * 3
    assert log.add("task", "create", "new", branch_id="b") == "orphan"
    assert log.add("subtask", "create", "s", task_id="t") == "orphan"
    assert log.add("branch", "update", "b") == "late"
    assert log.add("branch", "create", "b") == "applied"
    assert not log.node("task", "t").live
    assert log.add("task", "create", "t") == "applied"
    assert log.node("task", "t").parent == "main"


def test_nothing_happens_under_a_deleted_project(log: Log) -> None:
    """Until a create revives it."""
    log.add("task", "create", "t")
    log.add("project", "delete", "p")
    assert log.add("branch", "create", "b") == "orphan"
    assert log.add("task", "create", "t") == "orphan"
    assert log.add("project", "create", "p") == "applied"
    assert not log.node("branch", "main").live


def test_a_tombstone_expires_after_seven_days_of_log_time(log: Log) -> None:
    """Then there is no row any more."""
    log.add("task", "delete", "t")
    log.time_ms += TOMBSTONE_MS
    assert log.add("task", "update", "t") == "late"
    log.time_ms += 1
    assert log.add("task", "update", "t") == "applied"


def test_a_patch_changes_what_it_names_and_an_update_everything(log: Log) -> None:
    """Null means the default."""
    log.add("task", "create", "t", data={"title": "T", "status": "done", "priority": "high"})
    log.add("task", "patch", "t", data={"priority": "low", "status": None})
    assert log.node("task", "t").fields == {"title": "T", "priority": "low"}
    log.add("task", "update", "t", data={"status": "review"})
    assert log.node("task", "t").fields == {"status": "review"}
    log.add("task", "completed", "t")
    assert log.node("task", "t").fields == {"status": "done"}


@pytest.mark.parametrize(
    ("data", "archived"),
    [
        ({"archived": True}, True),
        ({"status": "archived"}, True),
        ({"status": "active"}, False),
        ({"archived": False, "status": "archived"}, False),
    ],
)
def test_a_branch_is_archived_by_flag_or_status(log: Log, data: dict[str, object], archived: bool) -> None:  # noqa: FBT001  because it is a table
    """The flag speaks first."""
    log.add("branch", "create", "b", data=data)
    assert bool(log.node("branch", "b").fields.get("archived")) is archived


@pytest.mark.parametrize(
    "value",
    [b"\xff", b"{", b"[1]", b"[" * 40 + b"]" * 40, b'{"id": NaN}', b"{}", b" " * 300_000, None],
)
def test_a_bad_record_only_counts_in_its_project(log: Log, value: bytes | None) -> None:
    """The partition goes on; the project that the key names counts it."""
    log.add("task", "create", "t")
    log.fold.take(Record(1, NOW_MS, b"p", value))
    assert (log.node("project", "p").degraded, log.node("project", "p").stamp) == (1, 1)


@pytest.mark.parametrize(
    "wrong", [{"entity": "x"}, {"action": "x"}, {"project_id": "q"}, {"id": ""}, {"entity_id": "x" * 129}, {"occurred_at": "soon"}]
)
def test_an_invalid_event_is_poison(log: Log, wrong: dict[str, str]) -> None:
    """Unknown words, a key that is not the project, ids without or with too many characters, no time."""
    assert log.add(**{"entity": "task", "action": "create", "row_id": "t", **wrong}) == "poison"


def test_a_context_belongs_to_a_task_a_branch_or_the_project(log: Log) -> None:
    """It touches what it belongs to and all above, goes with it, and is dropped where that is gone."""
    log.add("task", "create", "t", branch_id="b")
    log.add("context", "create", "c", task_id="t")
    assert [log.node(*one).stamp for one in (("task", "t"), ("branch", "b"), ("project", "p"))] == [1, 1, 1]
    log.add("context", "create", "d", branch_id="b")
    log.add("context", "create", "e")
    assert [log.node(*one).stamp for one in (("task", "t"), ("branch", "b"), ("project", "p"))] == [1, 2, 3]
    assert log.add("context", "update", "d", task_id="u") == "orphan"
    log.add("task", "create", "u", branch_id="a")
    log.add("context", "update", "d", task_id="u")
    assert [log.node(*one).stamp for one in (("branch", "b"), ("branch", "a"), ("project", "p"))] == [6, 6, 6]
    log.add("branch", "delete", "b")
    assert [log.node("context", name).live for name in "cde"] == [False, True, True]
    assert log.add("context", "create", "c", task_id="t") == "orphan"
    assert log.add("context", "create", "c", branch_id="b") == "orphan"
    assert log.add("context", "create", "c") == "applied"


def test_a_member_changes_nothing_above(log: Log) -> None:
    """Not even the project's stamp."""
    log.add("project", "create", "p")
    assert log.add("member", "create", "m") == "applied"
    assert log.node("project", "p").stamp == 0
    log.add("project", "delete", "p")
    assert log.add("member", "create", "n") == "orphan"
    assert not log.node("member", "m").live


def test_the_delete_of_an_unknown_project_takes_its_members(log: Log) -> None:
    """They do not announce it."""
    log.add("member", "create", "m")
    log.add("project", "delete", "p")
    assert not log.node("member", "m").live
