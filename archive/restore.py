"""Writes a backup into a Kafka whose log is empty, or goes on where an earlier attempt stopped. Shell around aiokafka."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from archive.backup import Progress
from archive.folder import Folder, Manifest
from archive.growth import regrown
from archive.record import Out, Saved, filler
from broker.admin import apply_topics
from broker.connection import KafkaSettings, client_options
from broker.ending import producing
from broker.partitioner import partition_of
from broker.reach import reaching
from broker.reading import reading
from broker.topics import Profile
from schemas.failure import Failure
from schemas.topics import TASK_CHANGES

_BATCH_BYTES: Final = 900 * 1024
_TURN: Final = 1_000


async def restore(settings: KafkaSettings, path: Path, profile: Profile, progress: Progress, partitions: int | None = None) -> int:
    """Write the log of a complete backup; returns how many records it has now. The topics are made where they are missing.

    With the backup's own number of partitions every record has its former offset; with another one, or where keys were changed, the
    log is put together anew. Raises `Failure`: a damaged backup, a log that holds something else, somebody else who writes.
    """
    folder = Folder(path)
    manifest = folder.complete()
    for segment in manifest.segments:
        folder.check(segment)
    count = partitions or len(manifest.ends)
    await apply_topics(settings, profile, count)
    records = _grown(folder, manifest, count) if manifest.moved or count != len(manifest.ends) else _same(folder, manifest)
    async with reaching(settings):
        writer = Writer(settings, await _present(settings), progress, sum(manifest.ends))
        return await writer.write(records)


def _grown(folder: Folder, manifest: Manifest, count: int) -> Iterator[Out]:
    sources = [folder.read(manifest, number) for number in range(len(manifest.ends))]
    return regrown(sources, count, lambda key: partition_of(key, count))


def _same(folder: Folder, manifest: Manifest) -> Iterator[Out]:
    """Yield every record at its offset; what the log had no record for is filled."""
    for number, end in enumerate(manifest.ends):
        offset = time_ms = 0
        for record in folder.read(manifest, number):
            yield from (Out(number, filler(gap, time_ms or record.timestamp_ms)) for gap in range(offset, record.offset))
            yield Out(number, record)
            offset, time_ms = record.offset + 1, record.timestamp_ms
        yield from (Out(number, filler(gap, time_ms)) for gap in range(offset, end))


async def _present(settings: KafkaSettings) -> dict[int, tuple[int, Saved | None]]:
    """Return the end and the last record of each partition of the log as it is."""
    found: dict[int, tuple[int, Saved | None]] = {}
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, places):
        for place, end in (await consumer.end_offsets(places)).items():
            last = None
            if end:
                consumer.pause(*places)
                consumer.resume(place)
                consumer.seek(place, end - 1)
                record = await consumer.getone(place)
                last = Saved(record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
            found[place.partition] = (end, last)
    return found


class Writer:
    """Sends records in order to where they belong, as batches, one after the other in each partition."""

    def __init__(self, settings: KafkaSettings, present: dict[int, tuple[int, Saved | None]], progress: Progress, total: int) -> None:
        self._settings = settings
        self._topic = settings.topic(TASK_CHANGES)
        self._present = present
        self._progress = progress
        self._total = total
        self._batches: dict[int, tuple[Any, int]] = {}
        self._ends: dict[int, int] = {}
        self._done = 0
        self._producer: Any = None

    async def write(self, records: Iterator[Out]) -> int:
        """Send all that is not there yet; returns how many records there are."""
        options = client_options(self._settings)
        producer = AIOKafkaProducer(
            **options,
            acks="all",
            enable_idempotence=True,
            max_batch_size=_BATCH_BYTES,
            max_request_size=2 * _BATCH_BYTES,
            compression_type="lz4",
        )
        async with producing(producer) as self._producer:
            for out in records:
                self._done += 1
                if not self._is_there(out):
                    await self._append(out)
                if self._done % _TURN == 0:
                    await asyncio.sleep(0)
            for partition in list(self._batches):
                await self._flush(partition)
        if any(end > self._ends.get(partition, 0) for partition, (end, _) in self._present.items()):
            raise self._another(next(iter(self._present)))
        return self._done

    def _is_there(self, out: Out) -> bool:
        """Say whether an earlier attempt has written a record. Raises `Failure` when something else is in its place."""
        end, last = self._present[out.partition]
        self._ends[out.partition] = out.record.offset + 1
        if out.record.offset == end - 1 and out.record != last:
            raise self._another(out.partition)
        return out.record.offset < end

    def _another(self, partition: int) -> Failure:
        return Failure(
            f"{self._topic} (partition {partition}) holds another log: restore into a Kafka without one, or under another prefix "
            "(ANABRANCH_KAFKA__TOPIC_PREFIX)."
        )

    async def _append(self, out: Out) -> None:
        batch, begin = self._batches.get(out.partition) or (self._producer.create_batch(), out.record.offset)
        record = out.record
        added = batch.append(timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=list(record.headers))
        self._batches[out.partition] = (batch, begin)
        if added is None:
            await self._flush(out.partition)
            await self._append(out)

    async def _flush(self, partition: int) -> None:
        batch, begin = self._batches.pop(partition)
        batch.close()
        sent = await (await self._producer.send_batch(batch, self._topic, partition=partition))
        if sent.offset != begin:
            raise Failure(
                f"Somebody else writes to {self._topic} (offset {sent.offset}, wanted {begin}): stop the producers, and begin anew."
            )
        self._progress(self._done, self._total)
