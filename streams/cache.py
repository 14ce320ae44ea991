"""The rows of one partition in memory: what was not acknowledged yet, and the recently used of the rest."""

from collections import OrderedDict
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

    decode: makes a node of a stored value. capacity: rows kept besides the pinned ones.
    """

    def __init__(self, shelf: Shelf, decode: Callable[[bytes, bytes], Node], capacity: int) -> None:
        self._shelf = shelf
        self._decode = decode
        self._capacity = capacity
        self._pinned: dict[bytes, tuple[int, Node]] = {}
        self._recent: OrderedDict[bytes, Node] = OrderedDict()
        self._hints: dict[bytes, dict[bytes, int]] = {}
        self.hits = 0
        self.misses = 0

    def get(self, key: bytes) -> Node | None:
        """Return the live row or tombstone under a key."""
        pinned = self._pinned.get(key)
        if pinned is not None:
            return pinned[1]
        node = self._recent.get(key)
        if node is not None:
            self._recent.move_to_end(key)
            self.hits += 1
            return node
        value = self._shelf.get(key)
        if value is None:
            return None
        self.misses += 1
        node = self._decode(key, value)
        self._keep(key, node)
        return node

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return every key that was ever written under a parent, each once."""
        fresh = self._hints.get(parent)
        stored = self._shelf.children(parent)
        return list(dict.fromkeys([*stored, *fresh])) if fresh else stored

    def pin(self, step: int, rows: Mapping[bytes, Node], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Take in what a step made; steps are numbered upwards."""
        for key, node in rows.items():
            self._pinned[key] = (step, node)
        for parent, child in hints:
            self._hints.setdefault(parent, {})[child] = step

    def release(self, step: int, keys: Iterable[bytes], hints: Iterable[tuple[bytes, bytes]]) -> None:
        """Unpin the rows of a step that is stored now, unless a later step has changed them."""
        for key in keys:
            pinned = self._pinned.get(key)
            if pinned is not None and pinned[0] == step:
                del self._pinned[key]
                self._keep(key, pinned[1])
        for parent, child in hints:
            self._forget_hint(step, parent, child)

    def _forget_hint(self, step: int, parent: bytes, child: bytes) -> None:
        under = self._hints.get(parent)
        if under is not None and under.get(child) == step:
            del under[child]
            if not under:
                del self._hints[parent]

    def _keep(self, key: bytes, node: Node) -> None:
        self._recent[key] = node
        self._recent.move_to_end(key)
        if len(self._recent) > self._capacity:
            self._recent.popitem(last=False)

    @property
    def pinned(self) -> int:
        """How many rows wait for their acknowledgement."""
        return len(self._pinned)
