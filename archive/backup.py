"""Copies `task-changes` up to a cut into a folder, and goes on where it stopped. Shell around aiokafka."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from archive.folder import Folder, Manifest
from archive.record import Saved
from broker.connection import KafkaSettings
from broker.layout import partition_counts
from broker.reading import reading
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES

SEGMENT_RECORDS: Final = 20_000
SEGMENT_BYTES: Final = 32 * 1024 * 1024
_POLL_MS: Final = 200

Change = Callable[[Saved], Saved]
Progress = Callable[[int, int], None]
"""Told how many records are done, of how many."""


def unchanged(record: Saved) -> Saved:
    """Return the record as it is."""
    return record


async def backup(settings: KafkaSettings, path: Path, progress: Progress, change: Change = unchanged, alias: str = "") -> Manifest:
    """Copy what the log holds now. A folder that has a part of it is completed; one of an older cut gets what came since.

    change: what is written in a record's place. Raises `Failure`: no topic, the log's beginning is gone, another log's folder.
    """
    if not (await partition_counts(settings, [TASK_CHANGES]))[TASK_CHANGES]:
        raise Failure(f"Kafka at {settings.bootstrap} has no topic {settings.topic(TASK_CHANGES)}: there is nothing to back up.")
    folder = Folder(path)
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, places):
        ends = await consumer.end_offsets(places)
        begins = await consumer.beginning_offsets(places)
        if any(begins.values()):
            raise Failure("The first events of task-changes are gone: rows could not be made of this backup. Keep retention.ms=-1.")
        manifest = folder.load() or Manifest(settings.topic(TASK_CHANGES), [], [], alias=alias)
        manifest.ends = [ends[place] for place in places]
        manifest.complete = False
        copying = Copying(consumer, folder, manifest, change, progress)
        for place in places:
            consumer.pause(*places)
            consumer.resume(place)
            await copying.check(place)
        for place in places:
            consumer.pause(*places)
            consumer.resume(place)
            await copying.copy(place)
    manifest.complete = True
    folder.save(manifest)
    return manifest


class Copying:
    """One call's work. The consumer reads one partition at a time, the others are paused."""

    def __init__(self, consumer: AIOKafkaConsumer, folder: Folder, manifest: Manifest, change: Change, progress: Progress) -> None:
        self._consumer = consumer
        self._folder = folder
        self._manifest = manifest
        self._change = change
        self._progress = progress

    async def check(self, place: TopicPartition) -> None:
        """Raise `Failure` unless the last record that is saved is the one that the log has there."""
        last = self._folder.last(self._manifest, place.partition)
        if last is None:
            return
        here = None
        if self._manifest.saved_end(place.partition) <= self._manifest.ends[place.partition]:
            self._consumer.seek(place, last.offset)
            here = self._change(_saved(await self._consumer.getone(place)))
        if here != last:
            raise Failure(
                f"{self._folder.path} holds another log than {place.topic} (partition {place.partition}): name another directory."
            )

    async def copy(self, place: TopicPartition) -> None:
        """Copy a partition from where it is saved to its end, file by file."""
        begin = position = self._manifest.saved_end(place.partition)
        end = self._manifest.ends[place.partition]
        self._consumer.seek(place, begin)
        held: list[Saved] = []
        size = 0
        while position < end:
            for records in (await self._consumer.getmany(place, timeout_ms=_POLL_MS)).values():
                held += [self._change(_saved(record)) for record in records if record.offset < end]
                size += sum(len(record.value or b"") for record in records)
            position = min(end, await self._consumer.position(place))
            if position >= end or len(held) >= SEGMENT_RECORDS or size >= SEGMENT_BYTES:
                self._keep(place.partition, (begin, position), held)
                begin, held, size = position, [], 0

    def _keep(self, partition: int, bounds: tuple[int, int], held: list[Saved]) -> None:
        manifest = self._manifest
        manifest.segments.append(self._folder.write(partition, *bounds, held))
        self._folder.save(manifest)
        self._progress(sum(manifest.saved_end(number) for number in range(len(manifest.ends))), sum(manifest.ends))


def _saved(record: Any) -> Saved:  # noqa: ANN401  because aiokafka's records are generic
    return Saved(
        record.offset, record.timestamp, record.key, record.value, tuple((name, bytes(value or b"")) for name, value in record.headers)
    )
