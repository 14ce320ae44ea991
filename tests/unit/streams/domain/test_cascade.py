"""Messages about one event."""

import pytest
from msgspec import UNSET

from schemas.messages import Position
from schemas.rows import TaskSummary
from streams.domain.cascade import action_of, cascade_of, outcome, parents_of, trace_of
from streams.domain.cascade import update as make_update
from streams.domain.fold import Applied
from streams.domain.node import Node
from streams.domain.records import Record
from tests.property.streams.world import Worker
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import NOON_MS, event, plain, record, tell


def test_a_persons_change_is_one_message() -> None:
    """Id, time and position are the event's; the row comes whole, with its branch and project; `delta` has what changed."""
    worker = Worker()
    tell(worker, event("task t", data={"title": "Fix"}, branch_id="b"))
    (out,) = tell(worker, event("task t", "completed", id="e1", source="user", user_id="u", session_id="s", correlation_id="c"))

    message = scene.update(out)
    assert (out.key, message.id, message.stream, message.timestamp) == (b"p", "e1", "project:p", NOON_MS)
    assert message.metadata.position == Position(3, 2)
    assert (message.metadata.source, message.metadata.user_id) == ("user", "u")
    assert (message.metadata.session_id, message.metadata.correlation_id) == ("s", "c")
    assert (message.payload.entity, message.payload.action) == ("task", "update")
    data = message.payload.data
    assert plain(data.primary)["status"] == "done"
    assert [plain(row)["completed_tasks"] for row in (*data.cascade.branches, *data.cascade.projects)] == [1, 1]
    assert plain(data.delta) == {"status": "done", "last_actor": {"source": "user", "user_id": "u", "session_id": "s"}}


def test_a_move_tells_of_both_branches() -> None:
    """Whoever shows the old branch must see it shrink; subtasks that moved along are told, too."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"), event("subtask s", task_id="t"))
    worker.settle()
    (out,) = tell(worker, event("task t", "patch", branch_id="b", source="user"))

    cascade = scene.update(out).payload.data.cascade
    assert [(plain(row)["id"], plain(row)["total_tasks"]) for row in cascade.branches] == [("b", 1), ("a", 0)]
    assert [plain(row)["branch_id"] for row in cascade.subtasks] == ["b"]


def test_a_subtask_tells_of_its_task() -> None:
    """Its cascade has the task, the branch and the project."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"))
    (out,) = tell(worker, event("subtask s", task_id="t", source="user"))

    message = scene.update(out)
    cascade = message.payload.data.cascade
    assert message.payload.action == "create"
    assert message.payload.data.delta is UNSET
    assert [len(rows) for rows in (cascade.tasks, cascade.branches, cascade.projects, cascade.subtasks)] == [1, 1, 1, 0]


def test_a_delete_tells_the_tombstone() -> None:
    """A deleted branch travels as its tombstone and its project; receivers drop what was in it."""
    worker = Worker()
    tell(worker, event("task t", branch_id="a"))
    (out,) = tell(worker, event("branch a", "delete", source="user"))

    message = scene.update(out)
    assert message.payload.action == "delete"
    assert plain(message.payload.data.primary) == {"id": "a", "project_id": "p", "deleted": True, "stamp": 1}
    assert message.payload.data.delta is UNSET
    assert not message.payload.data.cascade.tasks


@pytest.mark.parametrize(
    ("error", "action", "said"), [(None, "applied", UNSET), ("duplicate", "duplicate", UNSET), ("conflict", "rejected", "conflict")]
)
def test_an_outcome_says_what_became_of_a_write(error: str | None, action: str, said: object) -> None:
    """Applied, duplicate, or rejected with the reason, for the message that asked."""
    asked = event("task t", id="e1", source="user", correlation_id="c")
    message = scene.outcome(outcome(asked, record(8, asked), Position(3, 9), error))

    assert (message.id, message.action, message.error, message.message_id) == ("3-8", action, said, "e1")
    assert (message.metadata.correlation_id, message.metadata.position) == ("c", Position(3, 9))


def test_a_changed_row_must_be_there() -> None:
    """A message about a row that nobody has is our mistake."""
    one = event("task t")
    with pytest.raises(LookupError, match="task/p/t"):
        make_update(one, record(0, one), Applied(b"task/p/t", None, ()), lambda _: None, 3)


def test_small_words() -> None:
    """Actions follow from what is there; rows that are not there are left out."""
    live = Node(TaskSummary(id="t", project_id="p", branch_id="b"), scene.NO_MEMORY)

    assert (action_of(live, existed=True), action_of(live, existed=False)) == ("update", "create")
    assert cascade_of([b"task/p/t"], lambda _: None).tasks == []


def test_a_trace_is_passed_on() -> None:
    """Its headers and no others; a record without any costs nothing."""
    headers = (("traceparent", b"00-1-2-01"), ("tracestate", b"a=b"), ("other", b"x"))
    assert trace_of(Record(0, 1, b"p", b"", headers)) == headers[:2]
    assert parents_of(Record(0, 1, b"p", b"", headers)) == [b"00-1-2-01"]
    assert trace_of(Record(0, 1, b"p", b"")) == ()


@pytest.mark.parametrize("value", [b"", b"x" * 513])
def test_what_can_be_no_trace_is_not_passed_on(value: bytes) -> None:
    """Anybody may write headers; a message must not grow too long to be sent by them."""
    one = Record(0, 1, b"p", b"", (("traceparent", value), ("tracestate", value)))
    assert (trace_of(one), parents_of(one)) == ((), [])
