"""The rows of one partition in RocksDB: a prefix of the acknowledged changelog, never ahead of it (architecture 5.5)."""

import contextlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from rocksdict import BlockBasedIndexType, BlockBasedOptions, Cache, MemtableFactory, Options, Rdict, WriteBatch, WriteOptions

from streams.domain.poison import PoisonCount

FORMAT: Final = 1
_MIB: Final = 1024 * 1024
_MARK: Final = b"\x00mark"
_HINT: Final = b"\x00hint"
OTHER_TOPICS: Final = "made from other topics"
_SUSPECT: Final = "SUSPECT"
_SIZES: Final = ("rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables")


class Mark(msgspec.Struct, frozen=True):
    """How far a store goes. changelog: last offset of `task-state` it includes. through, time_ms: as in its newest offset row.

    -1 stands for none yet. written_ms: wall clock of the last write. epoch: life of the topics it was made from.
    poison: how much there was below `through`, as this store's owners counted.
    """

    changelog: int = -1
    through: int = -1
    time_ms: int = 0
    written_ms: int = 0
    epoch: str = ""
    format: int = FORMAT
    poison: PoisonCount = PoisonCount()


@dataclass
class Write:
    """One atomic change: rows by key (None deletes), hints (parent, child), and the new mark."""

    mark: Mark
    rows: Mapping[bytes, bytes | None] = field(default_factory=dict)
    hints: Iterable[tuple[bytes, bytes]] = ()


class StoreLockedError(Exception):
    """Another process has this store open."""


_encode_mark = msgspec.msgpack.Encoder().encode
_decode_mark = msgspec.msgpack.Decoder(Mark).decode


class PartitionStore:
    """One open RocksDB. Any error in reading or writing marks the directory, so that the next start rebuilds it.

    read_end: end of what the restore has read of the topic; what lies between the mark and it must be looked into.
    filling: it begins empty and will only be written for a while, so RocksDB sorts its rows aside and not as they come
    (docs/decisions/0025). The first read, or `filled`, ends that.
    """

    def __init__(self, path: Path, *, filling: bool = False) -> None:
        self.path = path
        self._filling = filling
        self._db = _opened(path, filling=filling)
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property, whatever its stub says
        raw = self._db.get(_MARK)
        self.mark = Mark() if raw is None else _decode_mark(raw)
        self.read_end = self.mark.changelog + 1

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        self.filled()
        try:
            value: bytes | None = self._db.get(key)
        except Exception:
            self.suspect()
            raise
        return value

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the keys that were ever written under this parent (docs/decisions/0003)."""
        self.filled()
        prefix = _hint_prefix(parent)
        found: list[bytes] = []
        cursor = self._db.iter()
        cursor.seek(prefix)
        while cursor.valid():
            key: bytes = cursor.key()
            if not key.startswith(prefix):
                break
            found.append(key[len(prefix) :])
            cursor.next()
        try:
            cursor.status()  # a corrupt block ends an iteration early without a word
        except Exception:
            self.suspect()
            raise
        return found

    def apply(self, write: Write) -> None:
        """Write rows, hints and mark in one batch. Raises what RocksDB raises (a full disk, a bad block).

        Without RocksDB's own log: `task-state` is the log, a crash leaves the rows and the mark of an earlier step, and the restore
        goes on from that mark.
        """
        batch = WriteBatch(raw_mode=True)
        for key, value in write.rows.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        for parent, child in write.hints:
            batch.put(_hint_prefix(parent) + child, b"")
        batch.put(_MARK, _encode_mark(write.mark))
        try:
            self._db.write(batch, self._unlogged)
        except Exception:
            self.suspect()
            raise
        self.mark = write.mark

    def filled(self) -> None:
        """Be ready to be read: what was written so far is sorted and on disk now."""
        if not self._filling:
            return
        self._filling = False
        try:
            self._db.close()
            self._db = _opened(self.path, filling=False)
        except Exception:
            self.suspect()
            raise

    @property
    def bytes(self) -> int:
        """What the rows take: on disk, and in memory until they are flushed."""
        return sum(self._db.property_int_value(name) or 0 for name in _SIZES)

    def suspect(self) -> None:
        """Leave a note: do not trust this store again."""
        with contextlib.suppress(OSError):
            (self.path / _SUSPECT).touch()

    def close(self) -> None:
        """Flush and release the directory's lock."""
        self._db.close()


def open_store(path: Path, now_ms: int, horizon_ms: int, epoch: str, begin: int = 0) -> tuple[PartitionStore, str | None]:
    """Open the store, moving an unusable one aside; returns it with the reason for the move. Raises `StoreLockedError`, `OSError`.

    begin: offset of the changelog from which on a new store restores.
    """
    reason = _unusable(path, now_ms, horizon_ms, epoch)
    if reason == OTHER_TOPICS:
        discard(path)
    elif reason is not None:
        move_aside(path, now_ms)
    path.mkdir(parents=True, exist_ok=True)
    store = PartitionStore(path, filling=not (path / "CURRENT").exists())
    if store.mark.epoch != epoch:
        store.apply(Write(Mark(changelog=begin - 1, epoch=epoch, written_ms=now_ms)))
        store.read_end = begin
    return store, reason


def _unusable(path: Path, now_ms: int, horizon_ms: int, epoch: str) -> str | None:
    if not (path / "CURRENT").exists():
        return "left half made" if path.exists() and any(path.iterdir()) else None
    if (path / _SUSPECT).exists():
        return "failed before"
    try:
        probe = PartitionStore(path)
    except Exception as error:
        if "/LOCK:" in str(error):  # the file's name: "block checksum mismatch" is no lock
            raise StoreLockedError(str(path)) from error
        return "cannot be opened"
    mark = probe.mark
    probe.close()
    return _outdated(mark, now_ms, horizon_ms, epoch)


def _outdated(mark: Mark, now_ms: int, horizon_ms: int, epoch: str) -> str | None:
    if mark.format != FORMAT:
        return f"has format {mark.format}"
    if mark.written_ms and now_ms - mark.written_ms > horizon_ms:
        return "older than the tombstones"
    if mark.changelog >= 0 and mark.epoch != epoch:
        return OTHER_TOPICS
    return None


def move_aside(path: Path, now_ms: int) -> Path:
    """Rename a store's directory out of the way, keeping only the newest such copy; returns where it went."""
    for former in path.parent.glob(f"{path.name}.aside-*"):
        shutil.rmtree(former, ignore_errors=True)
    target = path.with_name(f"{path.name}.aside-{now_ms}")
    path.rename(target)
    return target


def discard(path: Path) -> None:
    """Delete a store and its copies: they tell of another life of the topics, and of people who were erased since (docs/decisions/0021)."""
    for folder in (path, *path.parent.glob(f"{path.name}.aside-*")):
        shutil.rmtree(folder)


@lru_cache(maxsize=4096)
def _hint_prefix(parent: bytes) -> bytes:
    return _HINT + len(parent).to_bytes(4, "big") + parent


def _opened(path: Path, *, filling: bool) -> Rdict:
    """Open RocksDB with our options: unless its column is named with them, it goes on with those that the directory was made with."""
    options = _options(filling=filling)
    return Rdict(str(path), options, column_families={"default": options})


def _options(*, filling: bool) -> Options:
    """About 32 MiB for one partition, and 96 while it is filled; RocksDB as Faust sets it up would take more than 2 GiB."""
    table = BlockBasedOptions()
    table.set_block_cache(Cache(12 * _MIB))
    table.set_cache_index_and_filter_blocks(True)  # so that they cannot grow without a bound; whole, one would drive all else out
    table.set_index_type(BlockBasedIndexType.two_level_index_search())
    table.set_partition_filters(True)
    table.set_pin_top_level_index_and_filter(True)
    table.set_bloom_filter(10, False)  # noqa: FBT003  bits per key; not block based
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003  rocksdict's signature
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size((32 if filling else 8) * _MIB)
    if filling:
        options.set_memtable_factory(MemtableFactory.vector())
        options.set_allow_concurrent_memtable_write(False)  # a vector takes one writer
    options.set_max_write_buffer_number(2)
    options.set_target_file_size_base(16 * _MIB)
    options.set_max_open_files(128)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    return options
