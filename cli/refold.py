"""The worker's fold, outside a worker: what the tables of the past are rebuilt with."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from broker import records as read
from schemas.rows import OffsetRow
from schemas.topics import offset_key
from streams.domain.node import Node, child_hints, decode_node
from streams.domain.records import Partition, Record
from streams.domain.rules import Rules
from streams.domain.step import step
from streams.domain.windows import Windows


class Refold:
    """One partition's rows, going on from where they stand. A `broker.records.Refold`, and the `Rows` of its own steps."""

    def __init__(self, partition: int, through: int, rows: Mapping[bytes, bytes]) -> None:
        self._values: dict[bytes, bytes] = {}
        self._nodes: dict[bytes, Node] = {}
        self._hints: dict[bytes, dict[bytes, None]] = {}
        self._stands = Partition(partition, through, 0)
        self.adopt(rows)

    def adopt(self, rows: Mapping[bytes, bytes]) -> None:
        """Take more of the rows that it goes on from."""
        self._values.update(rows)
        for key, value in rows.items():
            self._hint(child_hints(key, value))
        own = rows.get(offset_key(self._stands.number))
        if own is not None:
            self._stands = Partition(self._stands.number, self._stands.through, msgspec.json.decode(own, type=OffsetRow).time_ms)

    def take(self, records: Sequence[read.Record]) -> Mapping[bytes, bytes]:
        """Fold the next records; returns the rows that they changed."""
        taken = [Record(one.offset, one.timestamp_ms, one.key, one.value, one.headers) for one in records]
        done = step(self, self._stands, taken, Windows(), 0, Rules())
        self._stands = Partition(self._stands.number, done.through, done.time_ms)
        self._nodes.update(done.rows)
        changed = {out.key: out.value for out in done.state if out.value is not None}
        self._values.update(changed)
        self._hint(done.hints)
        return changed

    def row(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        return self._values.get(key)

    def rows(self) -> Mapping[bytes, bytes]:
        """Return all values, the offset row among them."""
        return self._values

    def get(self, key: bytes) -> Node | None:
        """Return a row as the fold holds it."""
        node = self._nodes.get(key)
        if node is None and (value := self._values.get(key)) is not None:
            node = self._nodes[key] = decode_node(key, value)
        return node

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return what was ever under a parent."""
        return tuple(self._hints.get(parent, ()))

    def _hint(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        for parent, child in pairs:
            self._hints.setdefault(parent, {})[child] = None
