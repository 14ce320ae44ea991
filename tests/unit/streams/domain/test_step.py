"""One batch in, everything that follows out."""

from collections.abc import Generator

import pytest

from schemas.rows import decode_row
from schemas.topics import offset_key
from streams.domain.records import Partition, Step
from streams.domain.rules import SLICE_ROWS, Rules
from streams.domain.step import flush, slices, step
from streams.domain.windows import Windows
from tests.property.streams.world import Store, Worker
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import NOON_MS, event, record, tell


def test_a_step_without_records_says_where_it_stands() -> None:
    """Even then the offset row is written."""
    result = step(Store(), Partition(3, 7, 5), [], Windows(), 0, Rules())

    assert [(out.key, out.value) for out in result.state] == [(offset_key(3), b'{"partition":3,"through":7,"time_ms":5}')]
    assert (result.through, result.time_ms, result.covers, result.cascades) == (7, 5, 7, [])


def test_ancestors_are_written_first() -> None:
    """Project, branch, task, subtask, activity, and the offset row last, whatever came first."""
    result = step(Store(), Partition(3, 0), [record(4, event("task t")), record(6, event("subtask s", task_id="t"))], Windows(), 0, Rules())

    assert [out.key for out in result.state] == [
        b"project/p/p",
        b"branch/p/main",
        b"task/p/t",
        b"subtask/p/s",
        b"activity/p/mon-12:00",
        offset_key(3),
    ]
    assert (result.through, result.time_ms, result.covers) == (7, NOON_MS, 4)
    assert result.hints == [
        (b"project/p/p", b"branch/p/main"),
        (b"branch/p/main", b"task/p/t"),
        (b"task/p/t", b"subtask/p/s"),
    ]
    assert result.counts == {"applied": 2}
    assert decode_row("task", result.state[2].value or b"").stamp == 6


def test_a_step_covers_what_waits() -> None:
    """What it publishes may be older than its own records."""
    worker = Worker()
    tell(worker, event("task a"))
    tell(worker, event("task b"))

    assert worker.take([record(2, event("task c", source="user"))]).covers == 1


def test_a_late_timer_does_not_hold_a_window_open() -> None:
    """A step that comes after a window's end publishes it first."""
    windows, store = Windows(), Store()
    for number, name in enumerate("ab"):
        for out in step(store, Partition(3, number), [record(number, event(f"task {name}"))], windows, 0, Rules()).state:
            store.write(out.key, out.value or b"")
    second = step(store, Partition(3, 2), [record(2, event("task c"))], windows, 600, Rules())

    assert scene.bulk(second.cascades[0]).metadata.position.offset == 2
    assert flush(store, Partition(3, 3), windows, 999, Rules()) == []


def test_a_great_delete_takes_turns() -> None:
    """While a branch with very many tasks is buried, others get a turn again and again; the outcome is that of one step."""
    worker = Worker()
    tell(worker, *(event(f"task t{n}", branch_id="b") for n in range(2000)), event("task other"))
    turns = slices(worker.store, worker.partition, [record(2001, event("branch b", "delete", source="user"))], Windows(), 1000, Rules())
    made: list[Step] = []

    def whole() -> Generator[None, None, None]:
        made.append((yield from turns))

    count = len(list(whole()))
    (result,) = made
    assert count >= 2000 // SLICE_ROWS
    assert len(result.rows) == 2003
    assert [len(scene.update(out).payload.data.cascade.projects) for out in result.cascades] == [1]

    tell(worker, event("branch b", "delete", source="user"))
    assert {out.key: out.value for out in result.state}.items() <= worker.store.values.items()
    assert scene.row(worker, "project").total_tasks == 1


def test_small_deletes_take_no_turns() -> None:
    """Nobody waits for them."""
    worker = Worker()
    tell(worker, *(event(f"task t{n}", branch_id="b") for n in range(20)))
    turns = slices(worker.store, worker.partition, [record(20, event("branch b", "delete"))], Windows(), 1000, Rules())
    with pytest.raises(StopIteration):
        next(turns)
