"""Records one by one: clocks, poison, counts."""

from schemas.messages import Bulk, Update
from tests.property.streams.world import Store, Worker
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import NOON_MS, event, messages, plain, record, row, tell


def test_poison_is_set_aside() -> None:
    """The partition goes on; the record is kept with its reason; the project of its key counts it and says so."""
    worker = Worker()
    result = worker.take([record(0, event("task t")), record(1, b"{"), record(2, event("task u"))])

    assert [(letter.record.offset, letter.reason) for letter in result.dead] == [(1, "bad-json")]
    assert result.counts == {"applied": 2, "poison": 1}
    assert (row(worker, "project").degraded, row(worker, "project").total_tasks) == (1, 2)
    worker.settle()
    bulk = scene.bulk(worker.sent[-1])
    assert ("project", "update") in [(change.entity, change.action) for change in bulk.payload.data.primary]


def test_poison_alone_is_an_update_of_its_project() -> None:
    """A quiet project learns at once that a record of its is dead; the activity is as it was."""
    worker = Worker()
    tell(worker, event("task t", source="user"))
    (out,) = worker.take([record(1, b"{", NOON_MS + 9)]).cascades

    message = scene.update(out)
    assert (message.id, message.metadata.source, message.payload.entity) == ("3-1", "system", "project")
    assert plain(message.payload.data.delta) == {"degraded": 1}
    assert row(worker, "project").stamp == 1


def test_poison_makes_no_project() -> None:
    """A key that names no live project changes no row, whatever bytes it has."""
    worker = Worker()
    tell(worker, event("project"), event("project", "delete"))
    result = worker.take([record(2, b"{"), record(3, b"{", key=b"\xff")])

    assert len(result.dead) == 2
    assert result.rows == {}


def test_poison_is_told_again_in_a_replay() -> None:
    """The dead letter comes again, and the project with it; nothing is counted twice."""
    worker = Worker()
    worker.take([record(0, event("task t")), record(1, b"{")])
    second = Worker(Store(worker.store.values))
    result = second.take([record(1, b"{")])

    assert (len(result.dead), row(second, "project").degraded, len(result.cascades)) == (1, 1, 1)
    assert isinstance(messages(result.cascades)[0], Bulk)


def test_log_time_never_goes_back() -> None:
    """The newest record time counts, and goes into the offset row."""
    worker = Worker()
    result = worker.take([record(0, event("task a"), NOON_MS), record(1, event("task b"), NOON_MS - 5000)])

    assert result.time_ms == NOON_MS


def test_a_window_shows_the_old_life_before_the_new() -> None:
    """A tombstone that expired while its message waits leaves before anything takes its place."""
    worker = Worker()
    tell(worker, event("task a", branch_id="b"))
    tell(worker, event("task b", branch_id="b"), event("branch b", "delete"))
    week = 7 * 24 * 3600 * 1000
    outs = worker.take([record(3, event("task c", branch_id="b"), NOON_MS + week + 1)]).cascades

    graves = [plain(change.row) for change in scene.bulk(outs[0]).payload.data.primary if change.entity == "branch"]
    assert [grave.get("deleted") for grave in graves] == [True]
    assert row(worker, "branch b").total_tasks == 1
    assert not any(isinstance(message, Update) for message in messages(outs))
