"""The row cache: what is not stored yet is never forgotten, what is stored may be."""

from collections.abc import Sequence

from schemas.rows import Memory, TaskSummary
from streams.cache import RowCache
from streams.domain.node import Node, decode_node, encode_node


def _node(stamp: int) -> Node:
    return Node(TaskSummary(id="t", project_id="p", branch_id="b", stamp=stamp), Memory())


class _Shelf:
    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.reads = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return self.rows.get(key)

    def children(self, parent: bytes) -> Sequence[bytes]:
        return [b"task/p/1"] if parent == b"branch/p/b" else []


def _values(rows: dict[bytes, Node]) -> dict[bytes, bytes]:
    return {key: encode_node(node) for key, node in rows.items()}


def _key(number: int) -> bytes:
    return b"task/p/%d" % number


def test_rows_of_unacknowledged_steps_stay_whatever_the_capacity() -> None:
    """Pinned rows are not in the store, so forgetting one would lose it."""
    cache = RowCache(_Shelf(), decode_node, capacity=2)
    rows = {_key(n): _node(n) for n in range(50)}
    cache.pin(1, rows, [])
    for number in range(50):
        cache.pin(2 + number, {b"task/q/%d" % number: _node(number)}, [])
        cache.release(2 + number, {}, [])
    assert all(cache.get(key) is node for key, node in rows.items())


def test_a_release_keeps_what_a_later_step_changed() -> None:
    """The first step's acknowledgement does not unpin the second step's row."""
    shelf = _Shelf()
    cache = RowCache(shelf, decode_node, capacity=1)
    first, second = {_key(1): _node(1)}, {_key(1): _node(2)}
    cache.pin(1, first, [])
    cache.pin(2, second, [])
    cache.release(1, _values(first), [])
    assert cache.get(_key(1)) is second[_key(1)]
    cache.release(2, _values(second), [])
    assert cache.get(_key(1)) is second[_key(1)]


def test_the_cache_stays_bounded_and_reads_again_what_it_dropped() -> None:
    """After any number of rows at most the capacity and one step's rows are held."""
    shelf = _Shelf()
    cache = RowCache(shelf, decode_node, capacity=10)
    for number in range(200):
        shelf.rows[_key(number)] = encode_node(_node(number))
        rows = {_key(number): _node(number)}
        cache.pin(number, rows, [])
        cache.release(number, _values(rows), [])
    assert len(cache) <= 12
    found = cache.get(_key(0))
    assert found is not None
    assert found.row.stamp == 0
    assert shelf.reads == 1


def test_a_row_in_use_is_not_read_again() -> None:
    """A row that is asked for between others stays young."""
    shelf = _Shelf()
    shelf.rows = {_key(number): encode_node(_node(number)) for number in range(100)}
    cache = RowCache(shelf, decode_node, capacity=10)
    for number in range(1, 100):
        cache.get(_key(0))
        cache.get(_key(number))
    assert shelf.reads == 100


def test_hints_are_seen_before_and_after_they_are_stored() -> None:
    """Children are those of the store and those of unacknowledged steps, each once."""
    cache = RowCache(_Shelf(), decode_node, capacity=10)
    hints = [(b"branch/p/b", b"task/p/1"), (b"branch/p/b", b"task/p/2")]
    cache.pin(1, {}, hints)
    assert cache.children(b"branch/p/b") == [b"task/p/1", b"task/p/2"]
    cache.release(1, {}, hints)
    assert cache.children(b"branch/p/b") == [b"task/p/1"]


def test_a_row_that_was_stored_is_had_again_from_its_bytes() -> None:
    """Most rows are kept as bytes; the newest stored ones are what a forgotten node is made of, without asking the store."""
    shelf = _Shelf()
    cache = RowCache(shelf, decode_node, capacity=100)
    for stamp in range(3):
        rows = {_key(number): _node(stamp) for number in range(40)}
        cache.pin(stamp, rows, [])
        cache.release(stamp, _values(rows), [])
    found = [cache.get(_key(number)) for number in range(40)]
    assert {node.row.stamp for node in found if node is not None} == {2}
    assert shelf.reads == 0
    assert len(cache) == 40


def test_a_later_change_is_not_undone_by_an_earlier_acknowledgement() -> None:
    """The bytes of an acknowledged step never stand before a row that a later step has changed."""
    cache = RowCache(_Shelf(), decode_node, capacity=2)
    first, second = {_key(1): _node(1)}, {_key(1): _node(2)}
    cache.pin(1, first, [])
    cache.pin(2, second, [])
    cache.release(1, _values(first), [])
    for number in range(10, 30):
        cache.pin(number, {_key(number): _node(number)}, [])
    assert cache.get(_key(1)) is second[_key(1)]
