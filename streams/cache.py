"""The rows of one partition in memory: what was not acknowledged yet, and the recently used of the rest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from streams.domain.node import Node

NODES_SHARE: Final = 16


class Shelf(Protocol):
    """Where rows lie that are not in memory."""

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        ...

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the hints under a parent."""
        ...


class RowCache:
    """The `Rows` that a step reads. Rows of steps that are not acknowledged are pinned; the others are kept while used.

    Most rows are kept as the bytes that were stored; a sixteenth of them as nodes besides, ready for the next event. A node takes
    more than its bytes, and making one anew is quicker than asking the store. decode: makes a node of a stored value. capacity: rows
    kept besides the pinned ones. Nodes and bytes each live in two generations: when the young one is full, the old one is dropped
    and the young one grows old; a row that is used is young again. Pinned rows are always young nodes.
    """

    def __init__(self, shelf: Shelf, decode: Callable[[bytes, bytes], Node], capacity: int) -> None:
        self._shelf = shelf
        self._decode = decode
        self._half = max(1, capacity // 2)
        self._half_nodes = max(1, capacity // NODES_SHARE // 2)
        self._unacknowledged: dict[int, Mapping[bytes, Node]] = {}
        self._pinned = 0
        self._young: dict[bytes, Node] = {}
        self._old: dict[bytes, Node] = {}
        self._young_bytes: dict[bytes, bytes] = {}
        self._old_bytes: dict[bytes, bytes] = {}
        self._hints: dict[bytes, dict[bytes, int]] = {}

    def get(self, key: bytes) -> Node | None:
        """Return the live row or tombstone under a key."""
        return self._young.get(key) or self._fetch(key)

    def _fetch(self, key: bytes) -> Node | None:
        node = self._old.get(key)
        if node is None:
            value = self._young_bytes.get(key) or self._fetch_bytes(key)
            if value is None:
                return None
            node = self._decode(key, value)
        self._young[key] = node
        self._age()
        return node

    def _fetch_bytes(self, key: bytes) -> bytes | None:
        value = self._old_bytes.get(key) or self._shelf.get(key)
        if value is not None:
            self._keep({key: value})
        return value

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return every key that was ever written under a parent, each once."""
        fresh = self._hints.get(parent)
        stored = self._shelf.children(parent)
        return list(dict.fromkeys([*stored, *fresh])) if fresh else stored

    def pin(self, step: int, rows: Mapping[bytes, Node], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Take in what a step made; steps are numbered upwards."""
        self._unacknowledged[step] = rows
        self._pinned += len(rows)
        self._young.update(rows)
        self._age()
        for parent, child in hints:
            self._hints.setdefault(parent, {})[child] = step

    def release(self, step: int, values: Mapping[bytes, bytes], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Unpin the rows of a step that are stored now as these values, if they have not been yet. Steps are released in order."""
        self._pinned -= len(self._unacknowledged.pop(step, ()))
        self._keep(values)
        for parent, child in hints:
            self._forget_hint(step, parent, child)

    def _keep(self, values: Mapping[bytes, bytes]) -> None:
        self._young_bytes.update(values)
        if len(self._young_bytes) > self._half:
            self._old_bytes = self._young_bytes
            self._young_bytes = {}

    def _forget_hint(self, step: int, parent: bytes, child: bytes) -> None:
        under = self._hints.get(parent)
        if under is not None and under.get(child) == step:
            del under[child]
            if not under:
                del self._hints[parent]

    def _age(self) -> None:
        if len(self._young) > self._half_nodes + self._pinned:
            self._old = self._young
            self._young = {}
            for rows in self._unacknowledged.values():
                self._young.update(rows)

    def __len__(self) -> int:
        return len({*self._young, *self._old, *self._young_bytes, *self._old_bytes})
