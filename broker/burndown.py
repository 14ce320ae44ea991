"""How a branch came to be as it is: its counts at the end of every hour or day in which it changed. Pure."""

import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from broker.records import Record, Refold
from schemas.events import decode_event
from schemas.moments import moment
from schemas.rows import BranchSummary, ProjectSummary, Tombstone, decode_row
from schemas.topics import split_key

By = Literal["hour", "day"]
_DIGITS: Final = {"hour": 13, "day": 10}
"""How much of an ISO time names the span."""
_COUNTED: Final = (b"branch/", b"project/")
_PIECE: Final = 128
"""Rows or points between two turns of others: less than a millisecond."""
_T = TypeVar("_T")


class Point(Struct, frozen=True):
    """Counts at the end of one span of event time. at: the span's beginning, UTC. open: tasks neither done, cancelled nor archived."""

    at: str
    total: int
    completed: int
    in_progress: int
    open: int


class Packed(Struct, frozen=True):
    """Burn-downs on their way to another process: the rows that their fold stands at and their points, in pieces. newest: the last span."""

    newest: str
    rows: list[bytes]
    points: list[bytes]


class BurnDowns:
    """The burn-downs of a project and of all its branches by the hour, as its log goes on."""

    def __init__(self, fold: Refold) -> None:
        self._fold = fold
        self._newest = ""
        self._points: dict[bytes, list[Point]] = {}

    def take(self, records: Sequence[Record]) -> None:
        """Take in the next records of the project."""
        for at, group in groupby(_timed(records, "hour", self._newest), key=lambda pair: pair[0]):
            self._newest = at
            for key, value in self._fold.take([record for _, record in group]).items():
                if key.startswith(_COUNTED):
                    self._note(key, _point(key, value, at))

    def _note(self, key: bytes, point: Point | None) -> None:
        points = self._points.setdefault(key, [])
        if point is None or (points and msgspec.structs.replace(points[-1], at=point.at) == point):
            return
        if points and points[-1].at == point.at:
            points.pop()
        points.append(point)

    def of(self, key: bytes, by: By) -> list[Point]:
        """Return the points of a branch or project at the end of each hour or day in which it changed."""
        last = {point.at[: _DIGITS[by]]: point for point in self._points.get(key, [])}
        return [msgspec.structs.replace(point, at=at) for at, point in last.items()]

    def packed(self) -> Packed:
        """Return all of it, to go on elsewhere."""
        points = [(key, point) for key, points in self._points.items() for point in points]
        return Packed(self._newest, _in_pieces(list(self._fold.rows().items())), _in_pieces(points))

    def unpack(self, packed: Packed) -> Generator[None, None, None]:
        """Go on from there: the first thing to do, with a fold that begins at its end. Yields now and then, so that others get a turn."""
        self._newest = packed.newest
        for piece in packed.rows:
            self._fold.adopt(dict(_rows(zlib.decompress(piece))))
            yield
        for piece in packed.points:
            for key, point in _points(zlib.decompress(piece)):
                self._points.setdefault(key, []).append(point)
            yield


_rows = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]]).decode
_points = msgspec.msgpack.Decoder(list[tuple[bytes, Point]]).decode


def _in_pieces(items: Sequence[_T]) -> list[bytes]:
    return [zlib.compress(msgspec.msgpack.encode(items[start : start + _PIECE]), 1) for start in range(0, len(items), _PIECE)]


def burn_down(fold: Refold, key: bytes, records: Iterable[Record], by: By) -> Iterator[Point]:
    """Yield a point for each span in which the row changed. records: those of its project, in log order; key: a branch or project.

    Spans follow the time of the events, which never goes back: an event that is older than the newest one counts in that one's span.
    """
    before: Point | None = None
    for at, group in groupby(_timed(records, by), key=lambda pair: pair[0]):
        fold.take([record for _, record in group])
        point = _point(key, fold.row(key), at)
        if point is not None and (before is None or msgspec.structs.replace(before, at=at) != point):
            before = point
            yield point


def _timed(records: Iterable[Record], by: By, newest: str = "") -> Iterator[tuple[str, Record]]:
    for record in records:
        newest = max(newest, _span(record, by))
        yield newest, record


def _span(record: Record, by: By) -> str:
    try:
        at = moment(decode_event(record.value or b"").occurred_at)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    capped = min(time for time in (at, moment(record.timestamp_ms)) if time is not None)
    return capped.isoformat()[: _DIGITS[by]]


def _point(key: bytes, value: bytes | None, at: str) -> Point | None:
    if value is None:
        return None
    row = decode_row(split_key(key)[0], value)
    if isinstance(row, Tombstone):
        return Point(at, 0, 0, 0, 0)
    if not isinstance(row, BranchSummary | ProjectSummary):
        raise TypeError(key)
    return Point(at, row.total_tasks, row.completed_tasks, row.in_progress_tasks, row.active_tasks - row.completed_tasks)


def only(records: Sequence[Record], project_key: bytes) -> list[Record]:
    """Return the records of one project: its rows depend on no others."""
    return [record for record in records if record.key == project_key]
