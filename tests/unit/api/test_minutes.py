"""The last hour of a project: its minutes in order, and no minute of another week."""

import json

from api.minutes import last_minutes, windows_of
from api.replica import Replica, read

NOON_MS = 1_795_435_200_000  # 2026-11-23T12:00:00Z, a Monday


def test_the_hour_is_sixty_minutes_by_the_names_of_their_rows() -> None:
    """Oldest first, the running minute last."""
    minutes = last_minutes(NOON_MS + 30_000)
    assert len(minutes) == 60
    assert next(iter(minutes.items())) == ("mon-11:01", "2026-11-23T11:01")
    assert list(minutes.items())[-1] == ("mon-12:00", "2026-11-23T12:00")


def test_only_rows_of_this_hour_are_told() -> None:
    """Not those of the same minute a week ago, not other minutes, nothing of a project that is not there."""
    replica = Replica()
    minutes = last_minutes(NOON_MS)
    assert windows_of(replica, "p", minutes) == []
    replica.put("project", "p", read(b'{"id":"p","stamp":1}'))
    assert windows_of(replica, "p", minutes) == []
    for stamp, (slot, minute) in enumerate(
        (("mon-11:30", "2026-11-23T11:30"), ("mon-11:31", "2026-11-16T11:31"), ("mon-10:00", "2026-11-23T10:00"))
    ):
        row = {"id": slot, "project_id": "p", "minute": f"{minute}:00.000Z", "events": 3, "stamp": stamp}
        replica.put("activity", "p", read(json.dumps(row).encode()))
    assert [json.loads(data)["id"] for data in windows_of(replica, "p", minutes)] == ["mon-11:30"]
