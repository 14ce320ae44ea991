"""Records that the rows already hold."""

from schemas.events import Event
from schemas.messages import Bulk, Outcome, Update
from schemas.topics import split_key
from tests.property.streams.world import Client, Store, Worker, live_rows
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import event, messages, record, tell


def again(worker: Worker, log: list[Event], begin: int) -> tuple[Worker, set[str], list[Update | Bulk | Outcome]]:
    """Replay a log from a place on: the second worker, the rows it wrote again, its messages."""
    second = Worker(Store(worker.store.values))
    step = second.take([record(n, one) for n, one in enumerate(log)][begin:])
    names = {"{0} {2}".format(*split_key(key)) for key in step.rows}
    assert second.store.values == worker.store.values
    return second, names, messages(step.cascades)


def test_a_replay_is_told_as_one_bulk() -> None:
    """Not message by message: the rows already hold the end, so only the end is true."""
    log = [event("task t", branch_id="a"), event("task t", "patch", {"title": "x"}, source="user"), event("task u", branch_id="b")]
    worker = Worker()
    tell(worker, *log)
    second, names, told = again(worker, log, 0)

    assert names == {"project p", "branch a", "branch b", "task t", "task u"}
    assert len(told) == 1
    assert Client().apply(second.sent).live() == live_rows(worker.store)
    message = scene.bulk(second.sent[0])
    assert message.metadata.position.offset == 3
    assert message.metadata.merged
    assert message.metadata.merged.events == 3


def test_a_replay_may_take_several_steps() -> None:
    """Nothing of it is published or committed before its end; the first new event comes after its bulk."""
    log = [event("task a"), event("task b"), event("task c")]
    worker = Worker()
    tell(worker, *log)
    second = Worker(Store(worker.store.values))

    assert second.take([record(0, log[0])]).cascades == []
    assert second.windows.oldest_offset() == 0
    assert second.take([record(1, log[1])], later_ms=5000).cascades == []
    bulk, update = second.take([record(2, log[2]), record(3, event("task d", source="user"))]).cascades
    assert scene.bulk(bulk).id == "3-0-2"
    assert scene.update(update).payload.action == "create"


def test_the_branch_that_was_left_is_told_again() -> None:
    """A moved task names only where it is, yet the branch that it left is found."""
    log = [event("task t", branch_id="a"), event("task o", branch_id="o"), event("task t", "patch", branch_id="b")]
    worker = Worker()
    tell(worker, *log)

    assert again(worker, log, 2)[1] == {"project p", "branch a", "branch b", "task t"}


def test_the_task_that_a_subtask_left_is_told_again() -> None:
    """A subtask remembers its tasks, also when it is deleted; the event may name one, too."""
    log = [
        event("task t"),
        event("task u"),
        event("subtask s", task_id="t"),
        event("subtask s", "patch", task_id="u"),
        event("subtask s", "delete"),
    ]
    worker = Worker()
    tell(worker, *log[:4])
    assert again(worker, log[:4], 3)[1] == {"project p", "branch main", "task t", "task u", "subtask s"}
    tell(worker, log[4])
    assert again(worker, log, 4)[1] == {"project p", "branch main", "task t", "task u", "subtask s"}


def test_what_a_deleted_and_revived_branch_lost_is_told() -> None:
    """Its tombstone is gone from the rows, so the tombstones of its tasks and subtasks travel themselves."""
    log = [
        event("task t", branch_id="a"),
        event("subtask s", task_id="t"),
        event("task old", branch_id="a"),
        event("task old", "delete"),
        event("branch a", "delete"),
        event("branch a", id="again"),
    ]
    worker = Worker()
    tell(worker, *log)

    assert again(worker, log, 4)[1] == {"project p", "branch a", "task t", "subtask s"}


def test_an_event_that_was_dropped_tells_nothing() -> None:
    """What has no row never had one."""
    log = [event("task t", "patch")]
    worker = Worker()
    tell(worker, *log)
    second, names, told = again(worker, log, 0)

    assert (names, told, second.windows.by_project) == (set(), [], {})


def test_decisions_are_told_again_as_far_as_they_are_known() -> None:
    """A row that remembers an event took it in; one that remembers fewer than it could did not; else nobody can tell."""
    asks = [
        event("task t", id="1"),
        event("task t", id="2", if_stamp=0),
        event("task t", id="3", if_stamp=0),
        event("task n", id="4", if_stamp=5),
    ]
    log = [event(f"task {one.entity_id}", id=one.id, if_stamp=one.if_stamp, correlation_id="c", source="user") for one in asks]
    worker = Worker()
    tell(worker, *log)
    outcomes = [one for one in again(worker, log, 0)[2] if isinstance(one, Outcome)]
    assert [(one.message_id, one.action, one.metadata.position.offset) for one in outcomes] == [
        ("2", "applied", 4),
        ("3", "rejected", 4),
        ("4", "rejected", 4),
    ]

    many = [*log, *(event("task t", id=f"more {n}") for n in range(9))]
    tell(worker, *many[4:])
    assert [one.message_id for one in again(worker, many, 0)[2] if isinstance(one, Outcome)] == ["4"]
