"""Dead letters that are open, replayed, dropped."""

from typing import Any

import pytest

from schemas.events import encode_event
from schemas.messages import Update
from schemas.rows import LetterRow
from streams.domain.records import Record, Step
from tests.property.streams.world import Store, Worker
from tests.unit.streams.domain.scene import NOON_MS, event, messages, row, tell


def send(worker: Worker, value: Any, how: bytes = b"", offset: int = 0) -> Step:  # noqa: ANN401  because it is any value
    """Fold one record, with the headers that settle a letter."""
    headers = (("dlq-action", how), ("dlq-offset", b"%d" % offset)) if how else ()
    raw = value if isinstance(value, bytes) else encode_event(value)
    return worker.take([Record(worker.partition.through, NOON_MS, b"p", raw, headers)])


@pytest.fixture
def worker() -> Worker:
    """Return a project with a task at offset 0 and a dead letter at offset 1."""
    found = Worker()
    tell(found, event("task t", source="user"))
    send(found, b"{")
    return found


def test_a_letter_is_a_row_and_counts(worker: Worker) -> None:
    """Its name is its offset."""
    letter = row(worker, "letter 1")
    assert isinstance(letter, LetterRow)
    assert (letter.id, letter.stamp, row(worker, "project").degraded) == ("1", 1, 1)


def test_a_drop_closes_it_once(worker: Worker) -> None:
    """The project's row is told; a second drop, and one of a letter that never was, change nothing."""
    step = send(worker, b"{}", b"drop", 1)
    assert [type(one).__name__ for one in messages(step.cascades)] == ["Update"]
    assert (row(worker, "project").degraded, row(worker, "project").stamp, row(worker, "letter 1").deleted) == (0, 2, True)
    for offset in (1, 7):
        step = send(worker, b"{}", b"drop", offset)
        assert (step.cascades, step.counts) == ([], {"dropped": 1})
    assert row(worker, "project").stamp == 2


def test_a_replay_applies_the_mended_event(worker: Worker) -> None:
    """One message tells both: the event's row, and the project that is less degraded."""
    step = send(worker, event("task u", source="user"), b"replay", 1)

    assert step.counts == {"applied": 1}
    (told,) = messages(step.cascades)
    assert worker.partition.through == 3
    assert (row(worker, "task u").stamp, row(worker, "project").degraded, row(worker, "project").total_tasks) == (2, 0, 2)
    assert isinstance(told, Update)
    assert told.payload.entity == "task"


def test_a_replay_about_a_member_brings_the_project_along(worker: Worker) -> None:
    """Which a member's event alone would not."""
    (out,) = send(worker, event("member m"), b"replay", 1).cascades

    assert b'"degraded":0' in (out.value or b"")


def test_a_replay_is_not_put_over_what_changed_since(worker: Worker) -> None:
    """The row took in a later event than the letter: the letter is closed, the row stays."""
    tell(worker, event("task t", "patch", {"title": "new"}))
    step = send(worker, event("task t", "patch", {"title": "old"}, source="user"), b"replay", 1)

    assert step.counts == {"stale": 1}
    assert (row(worker, "task t").title, row(worker, "project").degraded) == ("new", 0)
    assert len(step.cascades) == 2  # the window that was open, then the project


def test_a_replay_may_be_poison_again(worker: Worker) -> None:
    """Then there is a new letter in place of the old one."""
    step = send(worker, b"[", b"replay", 1)

    assert len(step.dead) == 1
    assert (row(worker, "project").degraded, row(worker, "letter 1").deleted, row(worker, "letter 2").id) == (1, True, "2")


def test_an_event_is_replayed_also_where_no_letter_is_open() -> None:
    """A letter of a project that did not exist is nowhere counted; its event counts as any other."""
    worker = Worker()
    send(worker, b"{")
    assert set(worker.store.values) == {b"offset/3"}
    assert send(worker, event("task t"), b"replay", 0).counts == {"applied": 1}
    assert row(worker, "project").degraded == 0


def test_letters_go_with_their_project(worker: Worker) -> None:
    """A project that comes to life again begins without any."""
    tell(worker, event("project", "delete"), event("project", id="again"))
    assert row(worker, "letter 1").deleted
    send(worker, b"{}", b"drop", 1)
    assert row(worker, "project").degraded == 0


@pytest.mark.parametrize(("value", "how"), [(b"{}", b"drop"), (b"[", b"replay"), (encode_event(event("task u")), b"replay")])
def test_all_of_it_is_told_again_after_a_crash(worker: Worker, value: bytes, how: bytes) -> None:
    """The project, the letters that were opened and closed, and the event's rows; nothing changes."""
    send(worker, value, how, 1)
    second = Worker(Store(worker.store.values))
    step = second.take([Record(1, NOON_MS, b"p", b"{"), Record(2, NOON_MS, b"p", value, (("dlq-action", how), ("dlq-offset", b"1")))])

    assert {b"project/p/p", b"letter/p/1"} <= set(step.rows)
    assert (b"task/p/u" in step.rows) == (value[1:5] == b'"id"')
    assert second.store.values == worker.store.values
