"""A project's summaries as frames: split above the outbound limit, built once for all who join at the same place."""

from collections.abc import Iterable
from typing import Protocol

import msgspec
from msgspec import Struct

from api.protocol.access import Members
from api.protocol.splice import splice
from schemas.messages import Position

_encode = msgspec.json.Encoder().encode
_NO_ROW = b"null"


class Summaries(Members, Protocol):
    """What a snapshot needs to know; the replica is one."""

    def project(self, project_id: str) -> bytes | None:
        """Return the project's public row or tombstone."""

    def branches(self, project_id: str) -> Iterable[bytes]:
        """Return the public rows of its branches that are not deleted."""

    def version(self, project_id: str) -> int:
        """Return a number that changes with every summary of the project."""

    def digest(self, project_id: str) -> tuple[int, int]:
        """Return (digest, stamp) of the project's row; (0, -1) without one."""


class At(Struct, frozen=True):
    """Where a snapshot is taken: everything that its bytes depend on besides the rows."""

    project_id: str
    sequence: int
    epoch: str
    position: Position
    now_ms: int
    max_bytes: int


def snapshot_frames(rows: Summaries, at: At) -> list[bytes]:
    """Return the frames of a snapshot, each below `max_bytes` unless one row alone is larger."""
    primary = rows.project(at.project_id) or _NO_ROW
    groups = _split(rows.branches(at.project_id), at.max_bytes - len(primary) - 1024)
    return [_frame(at, primary, group, part, len(groups)) for part, group in enumerate(groups, 1)]


def _split(rows: Iterable[bytes], room: int) -> list[list[bytes]]:
    groups: list[list[bytes]] = [[]]
    used = 0
    for row in rows:
        if groups[-1] and used + len(row) > room:
            groups.append([])
            used = 0
        groups[-1].append(row)
        used += len(row) + 1
    return groups


def _frame(at: At, primary: bytes, branches: list[bytes], part: int, parts: int) -> bytes:
    stream = f"project:{at.project_id}"
    head = _encode(
        {
            "type": "bulk",
            "id": f"snapshot-{at.project_id}-{at.sequence}-{part}",
            "version": "2.0",
            "stream": stream,
            "timestamp": at.now_ms,
            "part": part,
            "parts": parts,
        }
    )
    metadata = _encode({"source": "system", "position": at.position})
    value = (
        head[:-1]
        + b',"payload":{"entity":"project","action":"snapshot","data":{"primary":'
        + primary
        + b',"cascade":{"branches":['
        + b",".join(branches)
        + b']}}},"metadata":'
        + metadata
        + b"}"
    )
    return splice(value, at.sequence, at.sequence, _encode(at.epoch))


class Snapshots:
    """The newest snapshot of each project that somebody joined: a reconnect storm shares its bytes."""

    def __init__(self, rows: Summaries, size: int = 256) -> None:
        self._rows = rows
        self._size = size
        self._known: dict[str, tuple[tuple[int, int, str, int], list[bytes]]] = {}

    def at(self, at: At) -> list[bytes]:
        """Return the frames of a snapshot at this place, from memory when neither rows nor place moved."""
        key = (self._rows.version(at.project_id), at.sequence, at.epoch, at.position.offset)
        known = self._known.pop(at.project_id, None)
        if known is None or known[0] != key:
            known = (key, snapshot_frames(self._rows, at))
        self._known[at.project_id] = known
        while len(self._known) > self._size:
            del self._known[next(iter(self._known))]
        return known[1]
