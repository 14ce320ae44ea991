"""A restore takes whole steps: rows wait for the offset row of their step (docs/decisions/0002)."""

from collections.abc import Iterable

from schemas.rows import OffsetRow, TaskSummary, encode_row
from schemas.topics import epoch_key, offset_key, row_key
from streams.domain.records import Record
from streams.engine.restore import Restorer
from streams.engine.store import Mark

_KEY = row_key("task", "p", "t")
_BRANCH = row_key("branch", "p", "b")


def _row(stamp: int) -> bytes:
    return encode_row(TaskSummary(id="t", project_id="p", branch_id="b", stamp=stamp))


def _offset(through: int) -> bytes:
    return encode_row(OffsetRow(partition=0, through=through, time_ms=through * 10))


class _Store:
    """What a store holds, without RocksDB."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes | None] = {}
        self.mark = Mark()
        self.hints: set[tuple[bytes, bytes]] = set()
        self.restorer = Restorer(0, self.mark, self.rows.get)

    def feed(self, *records: tuple[int, bytes, bytes | None]) -> None:
        write = self.restorer.feed(_records(records), now_ms=1)
        self.rows.update(write.rows)
        self.hints.update(write.hints)
        self.mark = write.mark


def _records(records: Iterable[tuple[int, bytes, bytes | None]]) -> list[Record]:
    return [Record(offset, 0, key, value) for offset, key, value in records]


def test_a_whole_step_is_taken_with_its_hints() -> None:
    """Rows below `through` are written, the mark stands at the offset row, and the child index is made again."""
    store = _Store()
    store.feed((0, epoch_key(0), b"{}"), (1, _KEY, _row(4)), (2, offset_key(0), _offset(5)))
    assert store.rows == {_KEY: _row(4)}
    assert store.hints == {(_BRANCH, _KEY)}
    assert (store.mark.changelog, store.mark.through, store.mark.time_ms) == (2, 5, 50)


def test_half_a_step_waits_and_is_read_again_after_an_interruption() -> None:
    """Without the offset row nothing is written, and the mark stays before the waiting row."""
    store = _Store()
    store.feed((1, _KEY, _row(4)), (2, offset_key(0), _offset(5)), (3, _KEY, _row(7)))
    assert store.rows[_KEY] == _row(4)
    assert store.mark.changelog == 2


def test_a_row_that_went_ahead_of_its_step_gives_way_to_the_replay() -> None:
    """Of a crashed step's row and the replay's older one, the one below `through` counts; the other waits for its own end."""
    store = _Store()
    store.feed((1, _KEY, _row(9)), (2, _KEY, _row(3)), (3, offset_key(0), _offset(5)))
    assert store.rows[_KEY] == _row(3)
    assert store.mark.changelog == 0
    store.feed((4, _KEY, _row(9)), (5, offset_key(0), _offset(10)))
    assert store.rows[_KEY] == _row(9)
    assert store.mark.changelog == 5


def test_the_newest_stamp_wins_over_the_latest_record() -> None:
    """A former owner's late rows, with an older end, change nothing."""
    store = _Store()
    store.feed((1, _KEY, _row(8)), (2, offset_key(0), _offset(9)))
    store.feed((3, _KEY, _row(2)), (4, offset_key(0), _offset(3)))
    assert store.rows[_KEY] == _row(8)
    assert store.mark.through == 9


def test_the_mark_stays_below_a_row_that_hides_a_newer_one() -> None:
    """Nobody mended it yet: whoever restores next must find it too, also after another crash. The newer row again ends that."""
    store = _Store()
    store.feed((1, _KEY, _row(8)), (2, offset_key(0), _offset(9)))
    store.feed((3, _KEY, _row(2)), (4, offset_key(0), _offset(9)))
    assert (store.mark.changelog, store.restorer.end) == (2, 5)
    later = Restorer(0, store.mark, store.rows.get)
    assert later.feed(_records([(3, _KEY, _row(2)), (4, offset_key(0), _offset(9))]), now_ms=1).mark.changelog == 2
    store.feed((5, _KEY, _row(8)), (6, offset_key(0), _offset(9)))
    assert store.mark.changelog == 6


def test_the_mark_stays_below_an_end_that_hides_a_later_one() -> None:
    """A former owner's late `offset` row is the newest there is: the next owner must say again how far the rows go."""
    store = _Store()
    store.feed((1, _KEY, _row(8)), (2, offset_key(0), _offset(9)))
    store.feed((3, offset_key(0), _offset(7)))
    assert (store.mark.changelog, store.mark.through, store.restorer.end) == (2, 9, 4)
    store.feed((4, offset_key(0), _offset(9)))
    assert store.mark.changelog == 4


def test_records_that_the_store_has_are_skipped() -> None:
    """Faust reads the last record again; nothing is written twice."""
    rows: dict[bytes, bytes] = {}
    restorer = Restorer(0, Mark(changelog=2, through=5), rows.get)
    write = restorer.feed(_records([(1, _KEY, _row(4)), (2, offset_key(0), _offset(5))]), now_ms=1)
    assert not write.rows
    assert write.mark.changelog == 2


def test_of_two_rows_of_one_key_in_a_step_the_newer_counts() -> None:
    """A replay writes a key again before its step ends; what comes last is not always the newest."""
    store = _Store()
    store.feed((1, _KEY, _row(4)), (2, _KEY, _row(6)), (3, _KEY, _row(5)), (4, offset_key(0), _offset(7)))
    assert store.rows == {_KEY: _row(6)}
    assert store.mark.changelog == 2
    store.feed((5, _KEY, _row(6)), (6, offset_key(0), _offset(7)))
    assert store.mark.changelog == 6


def test_records_without_rows_are_passed_over() -> None:
    """Tombstones of rows that are gone, other partitions' offset rows, and kinds without rows hold nothing up."""
    store = _Store()
    store.feed((1, _KEY, None), (2, offset_key(1), _offset(5)), (3, offset_key(0), None), (4, epoch_key(0), b"{}"))
    assert store.rows == {}
    assert (store.mark.changelog, store.mark.through) == (4, -1)


def test_a_row_of_a_later_step_hides_nothing_either() -> None:
    """What a former owner wrote late lies below it then, and the mark may go on."""
    store = _Store()
    store.feed((1, _KEY, _row(8)), (2, offset_key(0), _offset(9)), (3, _KEY, _row(2)), (4, offset_key(0), _offset(9)))
    assert store.mark.changelog == 2
    store.feed((5, _KEY, _row(10)), (6, offset_key(0), _offset(11)))
    assert (store.rows, store.mark.changelog) == ({_KEY: _row(10)}, 6)
