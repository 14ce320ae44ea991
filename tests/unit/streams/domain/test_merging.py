"""What merging saves is told about rightly: held against what the same events take when each is told alone."""

import pytest

from schemas.events import Event
from streams.domain.fold import Applied
from streams.domain.records import Out
from streams.domain.rules import Rules
from streams.domain.windows import Window
from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, record, tell


def size(outs: list[Out]) -> int:
    """Return the bytes of some messages."""
    return sum(len(out.value or b"") for out in outs)


def tasks(count: int, changes: int) -> list[Event]:
    """Return changes of a few tasks in two branches, by an agent."""
    return [
        event(
            f"task {n % count}",
            "patch" if n >= count else "create",
            {"title": f"Task {n} of them", "status": "done"},
            branch_id=f"b{n % 2}",
        )
        for n in range(changes)
    ]


def subtasks(count: int, changes: int) -> list[Event]:
    """Return a task, and changes of its subtasks."""
    return [event("task t"), *(event(f"subtask {n % count}", "update", {"title": f"{n}"}, task_id="t") for n in range(changes))]


@pytest.mark.parametrize("events", [tasks(1, 40), tasks(10, 60), tasks(60, 60), subtasks(5, 50)], ids=["one", "ten", "all new", "subtasks"])
def test_what_is_saved_is_about_what_each_alone_would_take(events: list[Event]) -> None:
    """The first change leaves at once; the others are merged. The guess is within a sixth of the real thing."""
    merged, alone = Worker(), Worker(rules=Rules(ai_batch=False))
    tell(merged, events[0])
    tell(merged, *events[1:])
    merged.settle()
    real = size(tell(alone, *events)[1:])

    found = merged.windows.take_merging()
    assert found is not None
    assert (found.events, found.messages, found.bytes) == (len(events) - 1, 1, size(merged.sent[1:]))
    assert 5 / 6 < found.alone_bytes / real < 7 / 6
    assert found.late_ms == [0]
    assert merged.windows.take_merging() is None


def test_parts_are_messages() -> None:
    """A window that is split counts as that many."""
    worker = Worker(rules=Rules(max_message_bytes=3_000))
    tell(worker, *tasks(20, 20))
    found = worker.windows.take_merging()
    assert found is not None
    assert found.messages == len(worker.sent) > 1


def test_a_window_that_a_person_closes_counts_but_is_not_late() -> None:
    """Nobody waits for its end then."""
    worker = Worker()
    tell(worker, *tasks(3, 6), event("task 1", "patch", {"title": "mine"}, source="user"))
    found = worker.windows.take_merging()
    assert found is not None
    assert (found.events, found.messages, found.late_ms) == (6, 1, [])


def test_what_is_told_again_is_no_merging() -> None:
    """Else every start of a worker would look like a busy agent."""
    first = Worker()
    tell(first, *tasks(3, 6))
    again = Worker(first.store)
    again.take([record(number, one) for number, one in enumerate(tasks(3, 6))])
    again.settle()
    found = again.windows.take_merging()
    assert again.sent
    assert found is None or found.events == 0


def test_what_is_new_in_a_window_of_repeated_events_is_left_out_with_them() -> None:
    """Nobody can tell then what each alone would have taken."""
    window = Window(0, 500)
    one = event("task t")
    window.add(one, 0, Applied(b"task/p/t", None, (b"project/p/p",)))
    window.add_again(one, 1, [b"task/p/t"], [])
    window.add(one, 2, Applied(b"task/p/t", None, (b"project/p/p",)))
    assert window.drain(500).alone is None
    window.add(one, 3, Applied(b"task/p/t", None, (b"project/p/p",)))
    assert window.drain(1_000).alone == 1


def test_a_late_window_says_how_late() -> None:
    """From its end by the wall clock to the moment its message is made."""
    worker = Worker(now_ms=10_000)
    tell(worker, *tasks(1, 1))
    tell(worker, *tasks(2, 2))
    worker.now_ms = (worker.windows.next_close_ms() or 0) + 70
    worker.flush()
    found = worker.windows.take_merging()
    assert found is not None
    assert found.late_ms == [70]
