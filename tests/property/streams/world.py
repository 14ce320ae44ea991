"""A worker without Kafka and a client without a network: what the laws run the fold in."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from schemas.messages import Bulk, Outcome, Update, decode_message
from schemas.topics import split_key
from streams.domain.node import Node, child_hints, decode_node, public_bytes
from streams.domain.records import Out, Partition, Record, Step
from streams.domain.rules import Rules
from streams.domain.step import flush, step
from streams.domain.watermark import Watermark
from streams.domain.windows import Windows

NUMBER = 3


class Store:
    """Rows as a worker's store has them: bytes, and hints that a restore makes of them."""

    def __init__(self, values: dict[bytes, bytes] | None = None) -> None:
        self.values: dict[bytes, bytes] = {}
        self.hints: dict[bytes, set[bytes]] = {}
        for key, value in (values or {}).items():
            self.write(key, value)

    def get(self, key: bytes) -> Node | None:
        """Return a row anew each time: nobody else sees what is done to it."""
        value = self.values.get(key)
        return None if value is None else decode_node(key, value)

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the hints under a parent."""
        return tuple(self.hints.get(parent, ()))

    def write(self, key: bytes, value: bytes) -> None:
        """Write one record of `task-state`."""
        self.values[key] = value
        for parent, child in child_hints(key, value):
            self.hints.setdefault(parent, set()).add(child)


class Sending(NamedTuple):
    """What leaves together. state: None for a flush. ticket, covers: see `Watermark.sent`."""

    ticket: int
    covers: int
    cascades: list[Out]
    state: list[Out] | None


class Worker:
    """One generation of a partition's owner: folds batches, keeps what a step wrote, collects what it sends."""

    def __init__(self, store: Store | None = None, rules: Rules | None = None, now_ms: int = 1000) -> None:
        self.store = store or Store()
        self.rules = rules or Rules()
        self.now_ms = now_ms
        self.windows = Windows()
        stands = self.store.values.get(b"offset/%d" % NUMBER)
        row: dict[str, int] = {} if stands is None else msgspec.json.decode(stands)
        self.partition = Partition(NUMBER, row.get("through", 0), row.get("time_ms", 0))
        self.sendings: list[Sending] = []
        self.watermark: Watermark | None = None

    def take(self, records: Sequence[Record], later_ms: int = 100) -> Step:
        """Fold a batch, and close the windows that are due by then."""
        self.now_ms += later_ms
        due = self.windows.next_close_ms()
        if due is not None and due <= self.now_ms:
            self.flush()
        watermark = self.watermark = self.watermark or Watermark(records[0].offset)
        result = step(self.store, self.partition, records, self.windows, self.now_ms, self.rules)
        assert result.state[-1].key == b"offset/%d" % NUMBER
        assert {out.key for out in result.state[:-1]} == set(result.rows)
        for out in result.state:
            assert out.value is not None
            self.store.write(out.key, out.value)
        self.partition = Partition(NUMBER, result.through, result.time_ms)
        ticket = watermark.sent(result.covers, records[-1].offset + 1)
        self.sendings.append(Sending(ticket, result.covers, result.cascades, result.state))
        return result

    def flush(self) -> list[Out]:
        """Close the windows that are due."""
        covers = self.windows.oldest_offset()
        sent = flush(self.store, self.partition, self.windows, self.now_ms, self.rules)
        if covers is not None and self.watermark is not None:
            self.sendings.append(Sending(self.watermark.sent(covers), covers, sent, None))
        return sent

    @property
    def sent(self) -> list[Out]:
        """Return all messages so far, in order."""
        return [out for sending in self.sendings for out in sending.cascades]

    def settle(self) -> None:
        """Wait until all windows have closed."""
        while (due := self.windows.next_close_ms()) is not None:
            self.now_ms = due
            self.flush()

    def run(self, records: Sequence[Record], cuts: Iterable[int] = (), later_ms: int = 100) -> "Worker":
        """Fold a log in batches that end at the cuts."""
        edges = [0, *cuts, len(records)]
        for begin, end in pairwise(edges):
            if records[begin:end]:
                self.take(records[begin:end], later_ms)
        return self


class Client:
    """What a reader holds: rows by (kind, project, id), last stamp wins, tombstones drop what was below."""

    def __init__(self, *, may_go_back: bool = False) -> None:
        self.may_go_back = may_go_back
        self.rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._parts: dict[str, list[Bulk]] = {}
        self.outcomes: list[Outcome] = []
        self.ends: dict[str, int] = {}

    def apply(self, sent: Iterable[Out]) -> "Client":
        """Take in messages in their order."""
        for out in sent:
            assert out.value is not None
            message = decode_message(out.value)
            assert message.stream == f"project:{out.key.decode()}"
            self._take(out.key.decode(), message)
        return self

    def _take(self, project_id: str, message: Update | Bulk | Outcome) -> None:
        if isinstance(message, Outcome):
            self.outcomes.append(message)
            return
        rows = self._whole(project_id, message)
        if rows is None:
            return
        end, known = message.metadata.position.offset, self.ends.get(project_id, -1)
        assert self.may_go_back or end >= known, "a message goes back"
        if end > known or not self.may_go_back:  # else a new owner repeats what this reader was told
            self.ends[project_id] = end
            self._rows(rows)

    def _whole(self, project_id: str, message: Update | Bulk) -> list[tuple[str, msgspec.Raw]] | None:
        """Return the rows of a message, None while parts of it are missing. One that its writer did not end is given up."""
        parts = self._parts.pop(project_id, [])
        if isinstance(message, Update):
            data = message.payload.data
            return [(message.payload.entity, data.primary), *_cascade(data.cascade)]
        if message.parts is msgspec.UNSET:
            return _bulk_rows(message)
        parts = [message] if message.part == 1 else [*parts, message] if parts and message.part == len(parts) + 1 else []
        if parts and len(parts) == message.parts:
            return [row for part in parts for row in _bulk_rows(part)]
        self._parts[project_id] = parts
        return None

    def _rows(self, rows: list[tuple[str, msgspec.Raw]]) -> None:
        decoded = [(kind, msgspec.json.decode(raw)) for kind, raw in rows]
        news = [(kind, row) for kind, row in decoded if self._is_news(kind, row)]
        for kind, row in news:
            if row.get("deleted"):
                self._drop_below(kind, row)
        for kind, row in news:
            self.rows[_key(kind, row)] = row

    def _is_news(self, kind: str, row: dict[str, Any]) -> bool:
        known = self.rows.get(_key(kind, row))
        assert known is None or known["stamp"] != row["stamp"] or known == row, "one stamp, two contents"
        return known is None or known["stamp"] <= row["stamp"]

    def _drop_below(self, kind: str, grave: dict[str, Any]) -> None:
        below = {"task": ("task_id",), "branch": ("branch_id",), "project": ("project_id",)}.get(kind, ())
        for name in below:
            for key, row in list(self.rows.items()):
                if row.get(name) == grave["id"] and key[1] == grave["project_id"] and row["stamp"] < grave["stamp"]:
                    del self.rows[key]

    def live(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Return the rows that are not deleted."""
        return {key: row for key, row in self.rows.items() if not row.get("deleted")}


def _key(kind: str, row: dict[str, Any]) -> tuple[str, str, str]:
    return kind, row.get("project_id", row["id"]), row["id"]


def _cascade(cascade: Any) -> list[tuple[str, msgspec.Raw]]:  # noqa: ANN401  because its lists are read by name
    lists = {"project": "projects", "branch": "branches", "task": "tasks", "subtask": "subtasks", "context": "contexts"}
    return [(kind, raw) for kind, name in lists.items() for raw in getattr(cascade, name)]


def _bulk_rows(part: Bulk) -> list[tuple[str, msgspec.Raw]]:
    data = part.payload.data
    return [*((change.entity, change.row) for change in data.primary), *_cascade(data.cascade)]


def live_rows(store: Store) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Return the public form of all rows in a store that are told in messages and not deleted."""
    rows = {}
    for key in store.values:
        node = store.get(key) if not key.startswith((b"offset/", b"activity/", b"letter/")) else None
        if node is not None and not node.deleted:
            rows[split_key(key)] = msgspec.json.decode(public_bytes(node))
    return rows
