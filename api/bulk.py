"""The bulk answer: the rows' own bytes side by side, a part for each project, kept while no row of the project changes."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from api.packing import Crc, Text, gzip_of
from api.protocol.hub import Hub
from api.replica import Entry, ProjectRows, Replica

MAX_AGE_S: Final = 300
_encode = msgspec.json.Encoder().encode
_OPEN: Final = Text(b'{"summaries":{')
_COMMA: Final = Text(b",")
_FEW: Final = 64


class Part(NamedTuple):
    """One project's share. digest: over the ids and stamps of its rows. ids: of the branches in `rows`. head: the project's row."""

    digest: bytes
    head: bytes
    rows: Text
    ids: frozenset[str]
    degraded: bool


class Answer:
    """The part of a bulk answer that depends on rows only, without the last brace. key: hash over their ids and stamps."""

    __slots__ = ("_crc", "degraded", "generated_ms", "key", "texts")

    def __init__(self, key: str, texts: list[Text], degraded: list[str], generated_ms: int) -> None:
        self.key = key
        self.texts = texts
        self.degraded = degraded
        self.generated_ms = generated_ms
        self._crc: Crc | None = None

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return sum(len(text.plain) for text in self.texts)

    @property
    def to_pack(self) -> int:
        """Return how many bytes were not packed yet."""
        return sum(text.to_pack for text in self.texts)

    def plain(self, tail: bytes) -> list[bytes]:
        """Return the whole answer's pieces."""
        return [*(text.plain for text in self.texts), tail]

    def packed(self, tail: bytes) -> list[bytes]:
        """Return the same as gzip: what was packed before is taken as it is."""
        if self._crc is None:
            self._crc = Crc(self.texts)
        end = Text(tail)
        return gzip_of([*self.texts, end], Crc([end], self._crc))


class BulkCache:
    """Answers by what was asked; one is good while its projects' versions stand, and for five minutes at most.

    They are lists of the projects' parts, of which there is one for each project, whoever asks.
    """

    def __init__(self, replica: Replica, size: int = 64) -> None:
        self._parts = Parts(replica)
        self._replica = replica
        self._size = size
        self._known: OrderedDict[tuple[tuple[str, ...], bool], tuple[tuple[int, ...], Answer]] = OrderedDict()

    def get(self, projects: Sequence[str], epochs: str, *, archived: bool, fresh: bool) -> tuple[Answer, bool]:
        """Return the rows of these projects, and whether the answer was kept. epochs: goes into the key with the rows."""
        asked = (tuple(projects), archived)
        versions = tuple(map(self._replica.version, projects))
        known = self._known.get(asked)
        now_ms = int(time.time() * 1000)
        if known is not None and not fresh and known[0] == versions and now_ms - known[1].generated_ms < MAX_AGE_S * 1000:
            self._known.move_to_end(asked)
            return known[1], True
        if fresh:
            self._parts.forget(projects)
        answer = compose(self._parts, projects, epochs, now_ms, archived=archived)
        self._known[asked] = (versions, answer)
        self._known.move_to_end(asked)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return answer, False


class Parts:
    """The projects' parts, each made again when a summary of its project changed."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._known: dict[tuple[str, bool], tuple[int, Part]] = {}
        self._room = _FEW

    @property
    def size(self) -> int:
        """Return how many are kept."""
        return len(self._known)

    def of(self, project_id: str, *, archived: bool) -> Part | None:
        """Return the part of a project; None when it is not there, or archived and not asked for."""
        rows = self._replica.of(project_id)
        entry = None if rows is None else rows.project
        if rows is None or entry is None or (entry.archived and not archived):
            self._known.pop((project_id, archived), None)
            return None
        version, part = self._known.get((project_id, archived), (-1, None))
        if part is None or version != rows.version:
            part = _part(project_id, entry, branches_of(rows, archived=archived), rows.mended)
            self._keep((project_id, archived), rows.version, part)
        return part

    def _keep(self, asked: tuple[str, bool], version: int, part: Part) -> None:
        """Keep a part; now and then let those go whose project is not there any more."""
        if len(self._known) >= self._room:
            self._known = {key: known for key, known in self._known.items() if self._replica.live(key[0])}
            self._room = 2 * len(self._known) + _FEW
        self._known[asked] = (version, part)

    def rows(self, project_id: str, taken: set[str], *, archived: bool) -> Text:
        """Return a project's rows where another one has some of its branch ids already: those are named `<project>/<branch>`."""
        rows = self._replica.of(project_id)
        branches = [] if rows is None else branches_of(rows, archived=archived)
        named = [(f"{project_id}/{branch.id}" if branch.id in taken else branch.id, branch) for branch in branches]
        taken.update(name for name, _ in named)
        return Text(b",".join(_encode(name) + b":" + branch.data for name, branch in named))

    def forget(self, projects: Iterable[str]) -> None:
        """Make the parts of these projects anew when they are asked for."""
        for project_id in projects:
            for archived in (True, False):
                self._known.pop((project_id, archived), None)


def compose(parts: Parts, projects: Sequence[str], epochs: str, now_ms: int, *, archived: bool) -> Answer:
    """Return the answer for these projects. A branch id that another project has too becomes `<project>/<branch>`."""
    digest = hashlib.blake2b(f"{epochs}|{archived}".encode(), digest_size=16)
    texts = [_OPEN]
    heads: list[bytes] = []
    degraded: list[str] = []
    taken: set[str] = set()
    for project_id in projects:
        part = parts.of(project_id, archived=archived)
        if part is None:
            continue
        digest.update(part.digest)
        heads.append(part.head)
        degraded += [project_id] if part.degraded else []
        if part.ids:
            texts += [_COMMA] if taken else []
            texts.append(part.rows if taken.isdisjoint(part.ids) else parts.rows(project_id, taken, archived=archived))
            taken |= part.ids
    texts.append(Text(b'},"projects":{%b}' % b",".join(heads)))
    return Answer(digest.hexdigest(), texts, degraded, now_ms)


def positions(hub: Hub, projects: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return for each project what a subscription's `since` takes, and the position of its rows."""
    return {
        project_id: {"epoch": hub.place(project_id).epoch, "sequence": hub.sequence(project_id), "position": hub.position(project_id)}
        for project_id in projects
    }


def branches_of(rows: ProjectRows, *, archived: bool) -> list[Entry]:
    """Return the branches of a project in the order of their ids."""
    live = (entry for entry in rows.branches.values() if not entry.deleted and (archived or not entry.archived))
    return sorted(live, key=lambda entry: entry.id)


def _part(project_id: str, entry: Entry, branches: list[Entry], mended: int) -> Part:
    lines = [f"p|{project_id}|{entry.stamp}|{mended or ''}\n", *(f"b|{branch.id}|{branch.stamp}\n" for branch in branches)]
    return Part(
        digest=hashlib.blake2b("".join(lines).encode(), digest_size=16).digest(),
        head=_encode(project_id) + b":" + entry.data,
        rows=Text(b",".join(_encode(branch.id) + b":" + branch.data for branch in branches)),
        ids=frozenset(branch.id for branch in branches),
        degraded=bool(entry.degraded),
    )
