"""The bulk answer: the rows' own bytes side by side, kept while no row of it changes."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from api.protocol.hub import Hub
from api.replica import Entry, ProjectRows, Replica

MAX_AGE_S: Final = 300
_encode = msgspec.json.Encoder().encode


class Encoded(NamedTuple):
    """The part of a bulk answer that depends on rows only. key: hash over their ids and stamps. body: without the last brace."""

    key: str
    body: bytes
    degraded: list[str]
    generated_ms: int


class BulkCache:
    """Encoded answers by what was asked; one is good while its projects' versions stand, and for five minutes at most."""

    def __init__(self, replica: Replica, size: int = 64) -> None:
        self._replica = replica
        self._size = size
        self._known: OrderedDict[tuple[tuple[str, ...], bool], tuple[tuple[int, ...], Encoded]] = OrderedDict()

    def get(self, projects: Sequence[str], epochs: str, *, archived: bool, fresh: bool) -> tuple[Encoded, bool]:
        """Return the encoded rows of these projects, and whether they were kept. epochs: goes into the key with the rows."""
        asked = (tuple(projects), archived)
        versions = tuple(self._replica.version(project_id) for project_id in projects)
        known = self._known.get(asked)
        now_ms = int(time.time() * 1000)
        if known is not None and not fresh and known[0] == versions and now_ms - known[1].generated_ms < MAX_AGE_S * 1000:
            self._known.move_to_end(asked)
            return known[1], True
        encoded = encode(self._replica, projects, epochs, now_ms, archived=archived)
        self._known[asked] = (versions, encoded)
        self._known.move_to_end(asked)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return encoded, False


def encode(replica: Replica, projects: Sequence[str], epochs: str, now_ms: int, *, archived: bool) -> Encoded:
    """Return the answer's rows as JSON. A branch id that another project has too becomes `<project>/<branch>`."""
    digest = hashlib.blake2b(f"{epochs}|{archived}".encode(), digest_size=16)
    summaries: dict[str, bytes] = {}
    heads: dict[str, bytes] = {}
    degraded: list[str] = []
    for project_id, rows in _chosen(replica, projects, archived=archived):
        entry = rows.project
        if entry is None:
            continue
        heads[project_id] = entry.data
        if entry.degraded:
            degraded.append(project_id)
        digest.update(f"p|{project_id}|{entry.stamp}|{rows.mended or ''}\n".encode())
        for branch in _branches(rows, archived=archived):
            digest.update(f"b|{branch.id}|{branch.stamp}\n".encode())
            summaries[branch.id if branch.id not in summaries else f"{project_id}/{branch.id}"] = branch.data
    body = b'{"summaries":%b,"projects":%b' % (_object(summaries), _object(heads))
    return Encoded(digest.hexdigest(), body, degraded, now_ms)


def positions(hub: Hub, projects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return for each project what a subscription's `since` takes, and the position of its rows."""
    return {
        project_id: {"epoch": hub.place(project_id).epoch, "sequence": hub.sequence(project_id), "position": hub.position(project_id)}
        for project_id in projects
    }


def _chosen(replica: Replica, projects: Sequence[str], *, archived: bool) -> Iterator[tuple[str, ProjectRows]]:
    for project_id in projects:
        rows = replica.of(project_id)
        if rows is not None and rows.project is not None and (archived or not rows.project.archived):
            yield project_id, rows


def _branches(rows: ProjectRows, *, archived: bool) -> list[Entry]:
    live = (entry for entry in rows.branches.values() if not entry.deleted and (archived or not entry.archived))
    return sorted(live, key=lambda entry: entry.id)


def _object(rows: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(_encode(key) + b":" + data for key, data in rows.items()) + b"}"
