"""The recount of activity."""

from audit.activity import Minutes

NOON = "2026-11-23T12:00:%02d.000Z"
NOON_MS = 1_795_435_200_000
DAY_MS = 24 * 3600 * 1000


def test_a_minute_sums_by_source_and_action() -> None:
    """One row per project and minute, with the stamp of its last event."""
    minutes = Minutes()
    for offset, (project, how) in enumerate([("p", ("user", "create")), ("p", ("user", "patch")), ("q", ("mcp-ai", "create"))]):
        minutes.take(project, NOON % offset, how, NOON_MS, offset)
    rows = minutes.rows()

    assert list(rows) == [("activity", "p", "mon-12:00"), ("activity", "q", "mon-12:00")]
    found = rows["activity", "p", "mon-12:00"]
    assert (found.minute, found.events, found.sources, found.actions) == (NOON % 0, 2, {"user": 2}, {"create": 1, "patch": 1})
    assert found.stamp == 1


def test_a_day_late_is_too_late_and_a_week_begins_anew() -> None:
    """Both by log time."""
    minutes = Minutes()
    minutes.take("p", NOON % 0, ("user", "create"), NOON_MS + DAY_MS + 59_999, 0)
    minutes.take("p", NOON % 0, ("user", "create"), NOON_MS + DAY_MS + 60_000, 1)
    minutes.take("p", "2026-11-30T12:00:00.000Z", ("user", "create"), NOON_MS + 7 * DAY_MS, 2)

    assert minutes.late == 1
    assert [(row.minute, row.events) for row in minutes.rows().values()] == [("2026-11-30T12:00:00.000Z", 1)]


def test_log_times_at_the_edges_are_read_too() -> None:
    """A topic may let in a record without a time, and one of the year 10 000: the recount goes on as the worker does."""
    minutes = Minutes()
    minutes.take("p", "1969-12-31T23:59:00.000Z", ("user", "create"), -1, 0)
    minutes.take("p", "1970-01-01T00:00:00.000Z", ("user", "create"), -1, 1)
    minutes.take("p", NOON % 0, ("user", "create"), 2**62, 2)

    assert minutes.late == 2
    assert [row.minute for row in minutes.rows().values()] == ["1970-01-01T00:00:00.000Z"]
