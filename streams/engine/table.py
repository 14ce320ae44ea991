"""The Faust table's store: one `PartitionStore` per assigned partition, restored in batches."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NoReturn

import faust
import structlog
from faust.stores.base import Store
from faust.types import TP, CollectionT, EventT

from schemas.failure import Failure
from streams.domain.records import Record
from streams.engine.lives import Life
from streams.engine.restore import Restorer
from streams.engine.store import PartitionStore, open_store

log = structlog.get_logger("streams.store")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Stores:
    """The open stores of this process. fatal: told about an error in restoring, which Faust itself would swallow."""

    def __init__(self, directory: Path, horizon_ms: int, lives: Mapping[int, Life], fatal: Callable[[BaseException], None]) -> None:
        self._directory = directory
        self._horizon_ms = horizon_ms
        self._lives = lives
        self._fatal = fatal
        self._open: dict[int, PartitionStore] = {}
        self._restorers: dict[int, Restorer] = {}
        self.restored_records = 0

    def store(self, partition: int) -> PartitionStore:
        """Return the partition's store, opening it when needed."""
        found = self._open.get(partition)
        if found is None:
            path = self._directory / f"partition-{partition}"
            life = self._lives.get(partition, Life("", 0))
            found, moved = open_store(path, _now_ms(), self._horizon_ms, life.epoch, life.begin)
            if moved is not None:
                log.warning("store_moved_aside", partition=partition, because=moved)
            self._open[partition] = found
        return found

    def restore(self, partition: int, records: Iterable[Record]) -> None:
        """Take in changelog records in order. Errors end the worker."""
        try:
            store = self.store(partition)
            restorer = self._restorers.get(partition)
            if restorer is None:
                restorer = self._restorers[partition] = Restorer(partition, store.mark, store.get)
            store.apply(restorer.feed(records, _now_ms()))
            store.read_end = restorer.end
        except Exception as error:
            self._fatal(error)
            raise

    def fail(self, error: BaseException) -> None:
        """End the worker."""
        self._fatal(error)

    def took(self, records: int) -> None:
        """Count what was restored."""
        self.restored_records += records

    def end_restore(self) -> None:
        """Forget rows that still wait for their step's end, and let all stores be read."""
        self._restorers.clear()
        try:
            for store in self._open.values():
                store.filled()
        except Exception as error:
            self._fatal(error)
            raise

    def give_up_if_ahead(self, partition: int, end: int) -> bool:
        """Move a store aside that includes offsets its topic doesn't have (a topic made anew, an unclean election)."""
        if partition not in self._open or self._open[partition].mark.changelog < end:
            return False
        store = self._open[partition]
        store.suspect()
        log.warning("store_ahead_of_topic", partition=partition, store=store.mark.changelog, topic_end=end)
        self.close(partition)
        self.store(partition)
        return True

    def check_begin(self, partition: int, begin: int) -> None:
        """End the worker when its topic no longer has what a store lacks: the next start begins that partition's rows anew."""
        if self.store(partition).mark.changelog + 1 < begin:
            self._fatal(
                Failure(f"Partition {partition} of task-state begins at {begin} now: rows are gone that this worker lacks. Start it again.")
            )

    def close(self, partition: int) -> None:
        """Close one store and release its directory."""
        self._restorers.pop(partition, None)
        store = self._open.pop(partition, None)
        if store is not None:
            store.close()

    def sizes(self) -> dict[int, int]:
        """Return the bytes of each open store, owned or kept as a standby."""
        return {number: store.bytes for number, store in self._open.items()}

    def close_all(self) -> None:
        """Close all stores."""
        for partition in list(self._open):
            self.close(partition)


class TableStore(Store):
    """What Faust's table and recovery see. Rows are read and written through `Stores`, never through the table."""

    def __init__(self, app: faust.App, table: CollectionT, stores: Stores) -> None:
        super().__init__("rocksdb://", app, table)
        self.stores = stores

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the last changelog offset that the store includes."""
        changelog = self.stores.store(tp.partition).mark.changelog
        return changelog if changelog >= 0 else None

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Ignore Faust: the offset is part of each write."""

    def apply_changelog_batch(self, batch: Iterable[EventT], to_key: object, to_value: object) -> None:  # noqa: ARG002  Faust's signature
        """Restore from events whose values are batches of records."""
        for event in batch:
            records = event.message.value.records
            self.stores.restore(event.message.partition, records)
            self.stores.took(len(records))

    async def on_rebalance(
        self,
        assigned: set[TP],  # noqa: ARG002  Faust's signature
        revoked: set[TP],
        newly_assigned: set[TP],  # noqa: ARG002
        generation_id: int = 0,  # noqa: ARG002
    ) -> None:
        """Close the stores of lost partitions and begin to restore afresh."""
        self.stores.end_restore()
        for tp in revoked:
            if tp.topic in self.table.changelog_topic.topics:
                self.stores.close(tp.partition)

    async def need_active_standby_for(self, tp: TP) -> bool:  # noqa: ARG002  Faust's signature
        """Each worker has its own directory."""
        return True

    async def on_stop(self) -> None:
        """Close all stores explicitly; Faust leaves that to the garbage collector."""
        self.stores.close_all()

    def reset_state(self) -> None:
        """Keep the stores: `anabranch` never resets by this path."""

    async def backup_partition(self, *args: object, **kwargs: object) -> None:
        """Not offered: the changelog is the backup."""
        raise NotImplementedError

    def restore_backup(self, *args: object, **kwargs: object) -> None:
        """Not offered, see `backup_partition`."""
        raise NotImplementedError

    def _unused(self, *args: object) -> NoReturn:
        raise NotImplementedError("rows are read and written through Stores")

    __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = _unused
