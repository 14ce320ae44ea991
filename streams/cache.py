"""The rows of one partition in memory: what was not acknowledged yet, and the recently used of the rest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from streams.domain.node import Node


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

    decode: makes a node of a stored value. capacity: rows kept besides the pinned ones, in two generations: when the young one
    is full, the old one is dropped and the young one grows old; a row that is used is young again.
    """

    def __init__(self, shelf: Shelf, decode: Callable[[bytes, bytes], Node], capacity: int) -> None:
        self._shelf = shelf
        self._decode = decode
        self._half = max(1, capacity // 2)
        self._pinned: dict[bytes, Node] = {}
        self._young: dict[bytes, Node] = {}
        self._old: dict[bytes, Node] = {}
        self._hints: dict[bytes, dict[bytes, int]] = {}

    def get(self, key: bytes) -> Node | None:
        """Return the live row or tombstone under a key."""
        node = self._pinned.get(key)
        if node is None:
            node = self._young.get(key)
        return self._fetch(key) if node is None else node

    def _fetch(self, key: bytes) -> Node | None:
        node = self._old.get(key)
        if node is None:
            value = self._shelf.get(key)
            if value is None:
                return None
            node = self._decode(key, value)
        self._young[key] = node
        self._age()
        return node

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return every key that was ever written under a parent, each once."""
        fresh = self._hints.get(parent)
        stored = self._shelf.children(parent)
        return list(dict.fromkeys([*stored, *fresh])) if fresh else stored

    def pin(self, step: int, rows: Mapping[bytes, Node], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Take in what a step made; steps are numbered upwards."""
        self._pinned.update(rows)
        for parent, child in hints:
            self._hints.setdefault(parent, {})[child] = step

    def release(self, step: int, rows: Mapping[bytes, Node], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Unpin the rows of a step that is stored now, unless a later step has changed them. Steps are released in order."""
        pinned = self._pinned
        for key, node in rows.items():
            if pinned.get(key) is node:
                del pinned[key]
        self._young.update(rows)
        self._age()
        for parent, child in hints:
            self._forget_hint(step, parent, child)

    def _forget_hint(self, step: int, parent: bytes, child: bytes) -> None:
        under = self._hints.get(parent)
        if under is not None and under.get(child) == step:
            del under[child]
            if not under:
                del self._hints[parent]

    def _age(self) -> None:
        if len(self._young) > self._half:
            self._old = self._young
            self._young = {}

    @property
    def pinned(self) -> int:
        """How many rows wait for their acknowledgement."""
        return len(self._pinned)

    def __len__(self) -> int:
        return len(self._pinned) + len(self._young) + len(self._old)
