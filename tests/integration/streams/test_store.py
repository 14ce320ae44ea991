"""The RocksDB store: atomic, a prefix of the changelog, and given up when it cannot be trusted."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from rocksdict import Options, Rdict

from streams.engine.lives import Life
from streams.engine.store import Mark, PartitionStore, StoreLockedError, Write, open_store
from streams.engine.table import Stores

_DAY_MS = 24 * 3_600_000


def _filled(path: Path, epoch: str = "e", now_ms: int = 1_000) -> None:
    store, _ = open_store(path, now_ms, _DAY_MS, epoch)
    store.apply(Write(Mark(changelog=7, through=5, written_ms=now_ms, epoch=epoch), {b"task/p/t": b"{}"}, [(b"branch/p/b", b"task/p/t")]))
    store.close()


def test_rows_hints_and_mark_survive(tmp_path: Path) -> None:
    """What was written in one batch is all there after closing and opening."""
    _filled(tmp_path / "s")
    store, moved = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    assert moved is None
    assert store.get(b"task/p/t") == b"{}"
    assert store.children(b"branch/p/b") == [b"task/p/t"]
    assert store.children(b"branch/p/") == []
    assert (store.mark.changelog, store.mark.through) == (7, 5)
    store.close()


def test_a_delete_removes_the_row(tmp_path: Path) -> None:
    """None as a value deletes."""
    _filled(tmp_path / "s")
    store, _ = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    store.apply(Write(store.mark, {b"task/p/t": None}))
    assert store.get(b"task/p/t") is None
    store.close()


@pytest.mark.parametrize(
    ("now_ms", "epoch", "because", "copies"),
    [(1_000 + _DAY_MS + 1, "e", "older than the tombstones", 2), (2_000, "other", "made from other topics", 0)],
)
def test_an_outdated_store_is_made_anew(tmp_path: Path, now_ms: int, epoch: str, because: str, copies: int) -> None:
    """Where tombstones may have gone, a copy is kept; of another life of the topics nothing is, former copies neither."""
    _filled(tmp_path / "s")
    (tmp_path / "s.aside-1").mkdir()
    store, moved = open_store(tmp_path / "s", now_ms, _DAY_MS, epoch)
    assert moved == because
    assert store.mark.changelog == -1
    assert store.get(b"task/p/t") is None
    assert len(list(tmp_path.glob("s.aside-*"))) == min(copies, 1)
    store.close()


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST"])
def test_a_damaged_store_is_moved_aside(tmp_path: Path, name: str) -> None:
    """One that cannot be opened is rebuilt instead of keeping the worker from starting."""
    _filled(tmp_path / "s")
    for path in (tmp_path / "s").glob(f"{name}*"):
        path.write_bytes(b"garbage" * 9)
    store, moved = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    assert moved == "cannot be opened"
    store.close()


def test_a_store_with_broken_blocks_is_not_taken_for_one_in_use(tmp_path: Path) -> None:
    """RocksDB's sentence about them has "block" in it, which is no lock."""
    _filled(tmp_path / "s")
    for path in (tmp_path / "s").glob("*.sst"):
        content = path.read_bytes()
        path.write_bytes(b"\xff" * (len(content) // 2) + content[len(content) // 2 :])
    store, moved = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    assert moved == "cannot be opened"
    store.close()


def test_a_store_that_failed_is_not_trusted_again(tmp_path: Path) -> None:
    """An error while running leaves a note for the next start."""
    _filled(tmp_path / "s")
    store, _ = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    store.suspect()
    store.close()
    again, moved = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    assert moved == "failed before"
    again.close()


def test_two_workers_cannot_share_a_directory(tmp_path: Path) -> None:
    """The second is told, and the first's store stays where it is."""
    _filled(tmp_path / "s")
    first = PartitionStore(tmp_path / "s")
    with pytest.raises(StoreLockedError):
        open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
    first.close()
    assert not list(tmp_path.glob("s.aside-*"))


def test_closing_releases_the_directory_many_times(tmp_path: Path) -> None:
    """Twenty rebalances, each with reads and scans, meet no lock."""
    _filled(tmp_path / "s")
    for _ in range(20):
        store, moved = open_store(tmp_path / "s", 2_000, _DAY_MS, "e")
        assert moved is None
        store.children(b"branch/p/b")
        store.close()


def test_a_store_ahead_of_its_topic_is_given_up(tmp_path: Path) -> None:
    """A topic that ends below what the store includes cannot be its source."""
    _filled(tmp_path / "partition-0")
    failures: list[BaseException] = []
    stores = Stores(tmp_path, 10**15, {0: Life("e", 0)}, failures.append)
    assert stores.store(0).mark.changelog == 7
    assert not stores.give_up_if_ahead(0, 8)
    assert stores.give_up_if_ahead(0, 7)
    assert stores.store(0).mark.changelog == -1
    stores.close_all()
    assert failures == []


@pytest.mark.parametrize("filling", [False, True])
def test_a_killed_store_stands_at_an_earlier_step(tmp_path: Path, filling: bool) -> None:  # noqa: FBT001  because pytest gives it
    """After kill -9 the rows are exactly those up to the mark: an earlier step, never half of one. While it is filled, too."""
    code = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from streams.engine.store import Mark, PartitionStore, Write
        store = PartitionStore(Path(sys.argv[1]), filling=sys.argv[2] == "True")
        for step in range(60_000):
            store.apply(Write(Mark(through=step), {b"row/%d" % step: b"x" * 1000}))
        os.kill(os.getpid(), 9)
    """)
    subprocess.run([sys.executable, "-c", code, str(tmp_path), str(filling)], check=False)
    store = PartitionStore(tmp_path)
    through = store.mark.through
    assert 0 < through < 60_000
    assert all(store.get(b"row/%d" % step) for step in range(through + 1))
    assert store.get(b"row/%d" % (through + 1)) is None
    store.close()


def test_a_store_can_be_read_while_it_is_filled(tmp_path: Path) -> None:
    """A read sees what was written, and what is written after it; nothing is lost where filling ends, by a read or by word."""
    for end in (lambda store: store.get(b"task/p/0"), lambda store: store.children(b"branch/p/b"), PartitionStore.filled):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        store, _ = open_store(path, 1_000, _DAY_MS, "e")
        for number in (0, 1):
            key = b"task/p/%d" % number
            store.apply(Write(Mark(changelog=number, epoch="e", written_ms=1_000), {key: b"{}"}, [(b"branch/p/b", key)]))
            end(store)
        store.close()

        again, moved = open_store(path, 2_000, _DAY_MS, "e")
        assert moved is None
        assert again.mark.changelog == 1
        assert [again.get(b"task/p/%d" % number) for number in (0, 1, 2)] == [b"{}", b"{}", None]
        assert again.children(b"branch/p/b") == [b"task/p/0", b"task/p/1"]
        again.close()


@pytest.mark.parametrize("filling", [False, True])
def test_an_index_is_read_in_parts(tmp_path: Path, filling: bool) -> None:  # noqa: FBT001  because pytest gives it
    """With a million tasks the index of one file is larger than what is cached: read as a whole for each row, it took 150 us."""
    store = PartitionStore(tmp_path / "s", filling=filling)
    rows = {b"task/project-%03d/%08d" % (number % 10, number): b"%d" % number * 50 for number in range(20_000)}
    store.apply(Write(Mark(), rows))
    store.close()
    found = Rdict(str(tmp_path / "s"), Options(raw_mode=True), column_families={"default": Options(raw_mode=True)})
    properties = str(found.property_value("rocksdb.aggregated-table-properties"))
    assert int(properties.partition("# index partitions=")[2].partition(";")[0] or 0) > 1
    found.close()


def test_bad_blocks_are_not_taken_for_a_lock(tmp_path: Path) -> None:
    """Wherever bytes of a file are flipped, the store opens or is moved aside: nobody waits for a process that is not there."""
    _filled(tmp_path / "good")
    (file,) = (tmp_path / "good").glob("*.sst")
    data = file.read_bytes()
    moved: list[str | None] = []
    for begin in range(0, len(data), 64):
        shutil.copytree(tmp_path / "good", tmp_path / f"{begin}")
        flipped = bytes(byte ^ 0xFF for byte in data[begin : begin + 64])
        (tmp_path / f"{begin}" / file.name).write_bytes(data[:begin] + flipped + data[begin + 64 :])
        store, why = open_store(tmp_path / f"{begin}", 2_000, _DAY_MS, "e")
        store.close()
        moved.append(why)
    assert "cannot be opened" in moved
