"""Activity by the minute."""

from schemas.rows import ActivityRow
from tests.property.streams.world import Store, Worker
from tests.unit.streams.domain.scene import NOON_MS, event, record, row, tell

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def minute(worker: Worker, slot: str) -> ActivityRow:
    """Return a row."""
    found = row(worker, f"activity {slot}")
    assert isinstance(found, ActivityRow)
    return found


def test_a_minute_counts_what_was_applied() -> None:
    """By source and action, over steps; what is dropped does not count. The stamp is the last event's."""
    worker = Worker()
    tell(worker, event("task t"), event("task t"), event("task u", source="user"), event("task x", "patch"))
    tell(worker, event("task t", "delete", source="user", occurred_at="2026-11-23T12:00:59.999Z"), ms=NOON_MS + MINUTE_MS)
    found = minute(worker, "mon-12:00")

    assert (found.minute, found.events, found.stamp) == ("2026-11-23T12:00:00.000Z", 3, 4)
    assert (found.sources, found.actions) == ({"mcp-ai": 1, "user": 2}, {"create": 2, "delete": 1})


def test_an_event_finds_its_own_minute_within_a_day() -> None:
    """However late it comes; later than that it is only counted as late. No clock runs ahead of the log."""
    worker = Worker()
    records = [
        record(0, event("task a", occurred_at="2026-11-22T12:00:00.000Z")),
        record(1, event("task b", occurred_at="2026-11-22T11:59:59.999Z")),
        record(2, event("task c", occurred_at="2030-01-01T00:00:00.000Z")),
    ]
    assert worker.take(records).late == 1
    assert [minute(worker, slot).events for slot in ("sun-12:00", "mon-12:00")] == [1, 1]
    assert b"activity/p/sun-11:59" not in worker.store.values


def test_the_day_is_measured_in_log_time() -> None:
    """Inside one step, too: each event is judged by the newest record time so far."""
    worker = Worker()
    step = worker.take(
        [record(0, event("task a")), record(1, event("task b"), ms=NOON_MS + DAY_MS + MINUTE_MS), record(2, event("task c"))]
    )

    assert step.late == 2
    assert minute(worker, "mon-12:00").events == 1


def test_a_week_later_the_row_begins_anew() -> None:
    """A project keeps at most one row per minute of the week; also where both minutes are in one step."""
    week = 7 * DAY_MS
    records = [
        record(0, event("task a")),
        record(1, event("task b", occurred_at="2026-11-30T12:00:30.000Z"), ms=NOON_MS + week + MINUTE_MS),
    ]
    for cuts in ([], [1]):
        found = minute(Worker().run(records, cuts), "mon-12:00")
        assert (found.minute, found.events, found.stamp) == ("2026-11-30T12:00:00.000Z", 1, 1)


def test_a_replay_counts_nothing() -> None:
    """The rows hold it already."""
    worker = Worker()
    tell(worker, event("task a"))
    second = Worker(Store(worker.store.values))
    second.take([record(0, event("task a"))])

    assert second.store.values == worker.store.values
