"""The last hour of a project, from its rows of minutes."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from api.protocol.times import iso
from api.replica import Replica
from schemas.slots import slot_of

_MINUTE_MS: Final = 60_000
_MINUTES: Final = 60
_MINUTE_CHARS: Final = len("2026-11-23T08:00")


class _Minute(Struct):
    minute: str


_decode = msgspec.json.Decoder(_Minute).decode


def last_minutes(now_ms: int) -> dict[str, str]:
    """Return the minutes of the last hour by the names of their rows, oldest first."""
    last = now_ms // _MINUTE_MS
    texts = [iso(minute * _MINUTE_MS)[:_MINUTE_CHARS] for minute in range(last - _MINUTES + 1, last + 1)]
    return {slot_of(text): text for text in texts}


def windows_of(replica: Replica, project_id: str, minutes: Mapping[str, str]) -> list[bytes]:
    """Return the rows of these minutes that the project has. A row of the same name that began a week before is not one of them."""
    rows = replica.of(project_id)
    if rows is None or not rows.activity:
        return []
    there = ((rows.activity.get(slot), minute) for slot, minute in minutes.items())
    return [row.data for row, minute in there if row is not None and not row.deleted and _decode(row.data).minute.startswith(minute)]
