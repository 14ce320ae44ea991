"""A row with what it remembers, as the fold holds it, and its two byte forms: public JSON and `task-state` value."""

from collections.abc import Iterator
from copy import copy
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from schemas.rows import (
    ROW_TYPES,
    BranchSummary,
    Memory,
    ProjectSummary,
    Row,
    TaskSummary,
    decode_memory,
    decode_row,
    encode_row,
    with_memory,
)
from schemas.topics import escape, row_key, split_key
from schemas.words import BREAKDOWN_NAMES, PRIORITIES, STATUSES
from streams.domain.homes import home, split_home
from streams.domain.tally import is_tally, settle, shown


class Node(Struct, gc=False):
    """A live row or tombstone and its memory. The breakdowns of its row are whole; the bytes show their first 16 names.

    Rows of branches and projects are changed in place inside a step (on a copy of its own), all others are replaced.
    public: the row's JSON, once somebody asked for it. digest: the task's digest, once computed.
    """

    row: Row
    memory: Memory
    public: bytes | None = None
    digest: int = -1

    @property
    def deleted(self) -> bool:
        """Tell a tombstone from a live row."""
        return self.memory.deleted_ms != 0


PARENT_KINDS: Final = {
    "branch": "project",
    "task": "branch",
    "subtask": "task",
    "context": "project",
    "member": "project",
    "letter": "project",
}
_STAMPLESS: Final = (b"offset/", b"epoch/")


class _Former(Struct, frozen=True, gc=False):
    former: tuple[str, ...] = ()


_NONE_FORMER: Final = _Former()


class Head(Struct, gc=False):
    """What a restore must know of a stored row: its stamp, its parents, and the parents that it had."""

    stamp: int = -1
    deleted: bool = False
    branch_id: str | None = ""
    task_id: str | None = ""
    memory: _Former = _NONE_FORMER


class _Stamp(Struct, gc=False):
    stamp: int


head_of = msgspec.json.Decoder(Head).decode
_decode_stamp = msgspec.json.Decoder(_Stamp).decode
KINDS: Final = {kind[:2].encode(): kind for kind in ROW_TYPES}
"""The first two letters of a key -> its kind."""


_PARENTS: Final = {kind[:2].encode(): parent.encode() for kind, parent in PARENT_KINDS.items()}


def kind_of(key: bytes) -> str:
    """Return the kind of a row from its key."""
    return KINDS[key[:2]]


def editable(node: Node) -> Node:
    """Return a copy that may be changed in place without touching the lender's node."""
    row = copy(node.row)
    if is_tally(row):
        row.status_breakdown = dict(row.status_breakdown)
        row.priority_breakdown = dict(row.priority_breakdown)
    return Node(row, node.memory, node.public, node.digest)


def public_bytes(node: Node) -> bytes:
    """Return the row as readers see it: canonical JSON, made once per change."""
    public = node.public
    if public is None:
        row = node.row
        public = node.public = encode_row(row if type(row) is TaskSummary else shown_row(row))
    return public


def encode_node(node: Node) -> bytes:
    """Return the value for `task-state`: the public JSON with the memory as its last field."""
    row, memory = node.row, node.memory
    if type(row) is not TaskSummary and is_tally(row) and not _fits(row):
        memory = msgspec.structs.replace(memory, statuses=row.status_breakdown, priorities=row.priority_breakdown)
    return with_memory(node.public or public_bytes(node), memory)


def decode_node(key: bytes, value: bytes) -> Node:
    """Return the node of a `task-state` record. Raises `msgspec.DecodeError`, `KeyError` (a kind without rows)."""
    row = decode_row(kind_of(key), value)
    memory = decode_memory(value)
    if is_tally(row) and memory.statuses is not None and memory.priorities is not None:
        row.status_breakdown, row.priority_breakdown = memory.statuses, memory.priorities
        memory.statuses = memory.priorities = None
    return Node(row, memory)


def child_hints(key: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    """Return (parent key, child key) for a restored `task-state` record: its parent and the parents that it had before."""
    return hints_of(key, head_of(value))


def hints_of(key: bytes, head: Head) -> list[tuple[bytes, bytes]]:
    """Do what `child_hints` does for a value that is decoded already."""
    parent_kind = _PARENTS.get(key[:2])
    if parent_kind is None:
        return []
    project = key.split(b"/", 2)[1]  # escaped, as it stands in the parent's key too
    if parent_kind == b"project":
        hint = b"project/%b/%b" % (project, project), key
        return [hint, *_context_hints(key, split_key(key)[1], head)] if kind_of(key) == "context" else [hint]
    parent, former = (head.branch_id if parent_kind == b"branch" else head.task_id) or "", head.memory.former
    if not head.deleted and not former:
        return [(_parent_key(parent_kind, project, parent), key)]  # without a loop, because nearly every row ends here
    return [(_parent_key(parent_kind, project, one), key) for one in (former if head.deleted else (parent, *former))]


@lru_cache(maxsize=4096)
def _parent_key(kind: bytes, project: bytes, parent: str) -> bytes:
    """Return a parent's key; its children come together. project: escaped."""
    return b"%b/%b/%b" % (kind, project, escape(parent).encode())


def _context_hints(key: bytes, project_id: str, head: Head) -> Iterator[tuple[bytes, bytes]]:
    for one in (home(head.branch_id, head.task_id), *head.memory.former):
        if one is not None:
            kind, row_id = split_home(one)
            yield row_key(kind, project_id, row_id), key


def stamp_of(key: bytes, value: bytes) -> int:
    """Return the stamp of a `task-state` record; -1 for the rows that have none (`offset`, `epoch`)."""
    return -1 if key.startswith(_STAMPLESS) else _decode_stamp(value).stamp


def shown_row(row: Row) -> Row:
    """Return the row as readers see it: its counts worked out, its breakdowns cut to 16 names and `other`."""
    if not is_tally(row):
        return row
    settle(row)
    if _fits(row):
        return row
    result = copy(row)
    result.status_breakdown = shown(row.status_breakdown, STATUSES)
    result.priority_breakdown = shown(row.priority_breakdown, PRIORITIES)
    return result


def _fits(row: BranchSummary | ProjectSummary) -> bool:
    return len(row.status_breakdown) <= BREAKDOWN_NAMES and len(row.priority_breakdown) <= BREAKDOWN_NAMES
