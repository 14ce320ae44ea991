"""Which message leaves when."""

from typing import Any

import msgspec
import pytest

from schemas.events import Event
from schemas.messages import Bulk, Outcome, Update
from streams.domain.rules import Rules
from tests.property.streams.world import Worker
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import event, messages, plain, record, row, tell


def test_the_first_change_of_a_quiet_project_goes_at_once() -> None:
    """The next ones wait for the window's end and leave as one bulk; then the window goes on, and ends when nothing came for a second."""
    worker = Worker(now_ms=0)
    first = worker.take([record(0, event("task t0"))], later_ms=10)
    assert [type(message) for message in messages(first.cascades)] == [Update]
    assert worker.take([record(n, event(f"task t{n}")) for n in (1, 2)], later_ms=10).cascades == []
    assert worker.windows.oldest_offset() == 1
    assert worker.windows.next_close_ms() == 500

    worker.now_ms = 500
    (out,) = worker.flush()
    assert scene.bulk(out).id == "3-1-2"
    assert worker.windows.oldest_offset() is None
    assert worker.take([record(3, event("task t3"))], later_ms=10).cascades == []

    worker.now_ms = 1000
    assert len(worker.flush()) == 1
    for worker.now_ms, close_ms in ((1500, 2000), (2000, None)):
        assert worker.flush() == []
        assert worker.windows.next_close_ms() == close_ms
    assert len(worker.take([record(4, event("task t4"))], later_ms=10).cascades) == 1


def test_what_comes_together_with_the_first_change_leaves_with_it() -> None:
    """In one message for each project; whoever comes later waits for the window as ever. One change alone looks as it always does."""
    worker = Worker(now_ms=0)
    events = [event("task a"), event("task b"), event("task x", project_id="q"), event("task a", "patch", {"title": "A"})]
    both = worker.take([record(number, one, key=one.project_id.encode()) for number, one in enumerate(events)], later_ms=10)
    assert [type(message) for message in messages(both.cascades)] == [Bulk, Update]
    bulk = scene.bulk(both.cascades[0])
    assert (bulk.id, bulk.metadata.position.offset, bulk.metadata.merged and bulk.metadata.merged.events) == ("3-0-3", 4, 3)
    assert [(change.entity, change.action, plain(change.row)["stamp"]) for change in bulk.payload.data.primary] == [
        ("task", "create", 3),
        ("task", "create", 1),
    ]
    assert worker.windows.oldest_offset() is None
    assert worker.take([record(4, event("task c"))], later_ms=10).cascades == []
    assert worker.windows.oldest_offset() == 4


def test_a_person_closes_what_has_just_begun() -> None:
    """In one step: the agent's change, the person's, then what the agent did after it, with the window."""
    worker = Worker()
    outs = tell(worker, event("task a"), event("task a", "patch", {"title": "Mine"}, source="user"), event("task b"))
    first, second = (scene.update(out) for out in outs)
    assert (first.metadata.position.offset, second.metadata.position.offset) == (1, 2)
    assert [plain(message.payload.data.primary)["stamp"] for message in (first, second)] == [0, 1]
    assert worker.windows.oldest_offset() == 2


def test_a_window_takes_the_traces_of_its_events_along() -> None:
    """Those of the events that waited in it; the first one left at once, with its own."""
    worker = Worker(now_ms=0)
    parents = [(("traceparent", b"%d" % number), ("other", b"x")) for number in range(3)]
    records = [msgspec.structs.replace(record(n, event(f"task t{n}")), headers=parents[n]) for n in range(3)]
    (first,) = worker.take(records[:1], later_ms=10).cascades
    assert first.trace == (("traceparent", b"0"),)
    worker.take([*records[1:], record(3, event("task t3"))], later_ms=10)
    worker.now_ms = 500
    (window,) = worker.flush()
    assert window.trace == (("traceparent", b"1"), ("traceparent", b"2"))


@pytest.mark.parametrize("source", ["user", "mcp-ai"])
def test_one_change_that_is_too_long_travels_in_parts(source: Any) -> None:  # noqa: ANN401  a drawn word
    """A task that moves takes its subtasks along: however many these are, each message is one that Kafka takes."""
    worker = Worker(rules=Rules(max_message_bytes=4000))
    tell(worker, event("task t", branch_id="a", source="user"))
    tell(worker, *(event(f"subtask s{number}", task_id="t", source="user") for number in range(40)))
    moves = msgspec.structs.replace(record(41, event("task t", "patch", source=source, branch_id="b")), headers=(("traceparent", b"1"),))
    parts = worker.take([moves], later_ms=10).cascades
    bulks = [scene.bulk(out) for out in parts]
    assert [(one.part, one.metadata.position.offset) for one in bulks] == [(number, 42) for number in range(1, len(parts) + 1)]
    assert all(len(out.value or b"") <= 4000 for out in parts)
    assert len([raw for one in bulks for raw in one.payload.data.cascade.subtasks]) == 40
    assert [plain(change.row)["id"] for one in bulks for change in one.payload.data.primary] == ["t"]
    assert [out.trace for out in parts if out.trace] == [(("traceparent", b"1"),)]


def test_a_person_does_not_wait_and_does_not_overtake() -> None:
    """A person's change closes the window first: the bulk shows the rows before it, the update those after it."""
    worker = Worker()
    tell(worker, event("task a"))
    bulk, update = tell(worker, event("task b"), event("task a", "patch", {"title": "Mine"}, source="user"))

    before, after = scene.bulk(bulk), scene.update(update)
    assert (before.metadata.position.offset, after.metadata.position.offset) == (2, 3)
    assert [plain(one)["stamp"] for one in before.payload.data.cascade.projects] == [1]
    assert [plain(one)["stamp"] for one in after.payload.data.cascade.projects] == [2]
    assert tell(worker, event("task c")) == []


@pytest.mark.parametrize("urgent", [event("task x", source="user"), event("task x", source="system"), event("member x")])
def test_some_never_wait(urgent: Event) -> None:
    """A person's, the system's, and whoever may read."""
    worker = Worker()
    tell(worker, event("task a"))
    assert [type(message) for message in messages(tell(worker, urgent))] == [Update]
    assert worker.windows.oldest_offset() is None


def test_with_windows_off_nothing_waits() -> None:
    """FEATURE_AI_BATCH=false sends every change at once."""
    worker = Worker(rules=Rules(ai_batch=False))

    assert [type(message) for message in messages(tell(worker, event("task a"), event("task b")))] == [Update, Update]


def test_a_revival_lets_the_tombstone_go_first() -> None:
    """Whoever holds rows of the old life must see its end before the new one begins."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("task u", branch_id="b"))
    (out,) = tell(worker, event("branch b", "delete"), event("branch b", id="again"))

    grave = [change for change in scene.bulk(out).payload.data.primary if change.entity == "branch"]
    assert [plain(change.row).get("deleted") for change in grave] == [True]
    assert not hasattr(row(worker, "branch b"), "deleted")


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"source": "user", "correlation_id": "c"}, None),
        ({"source": "user", "correlation_id": "c", "if_stamp": 0}, "applied"),
        ({"source": "user", "correlation_id": "c", "if_stamp": 9}, "rejected"),
        ({"source": "user", "correlation_id": "c", "id": "first"}, "duplicate"),
        ({"source": "user", "correlation_id": "c", "origin": "o", "version": 1}, "rejected"),
        ({"source": "user", "if_stamp": 9}, None),
        ({"correlation_id": "c", "if_stamp": 0}, "applied"),
        ({"correlation_id": "c", "if_stamp": 9}, "rejected"),
        ({"correlation_id": "c", "id": "first"}, None),
    ],
)
def test_whoever_waits_gets_an_answer(second: dict[str, Any], said: str | None) -> None:
    """Conditional writes always, a person's write when it is dropped; a plain applied change speaks for itself."""
    worker = Worker()
    tell(worker, event("task t", id="first", origin="o", version=1))
    outs = tell(worker, event("task t", "patch", {"title": "x"}, **second))

    assert [message.action for message in messages(outs) if isinstance(message, Outcome)] == ([] if said is None else [said])
    assert not any(isinstance(message, Bulk) for message in messages(outs))
