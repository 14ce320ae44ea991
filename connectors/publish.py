"""The publisher: typed events into `task-changes`, in order, each once, with a report of where they went.

Events of one project leave in order: one partition, one idempotent producer, one batch at a time. aiokafka's `send()` costs tens of
microseconds an event; record batches cost about one.
"""

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from broker.admin import describe_topics
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from broker.reach import reaching
from schemas.events import Event, encode_event
from schemas.failure import Failure
from schemas.messages import Position
from schemas.topics import MAX_EVENT_BYTES, TASK_CHANGES

BATCH_BYTES: Final = 512 * 1024
"""Uncompressed; below the broker's limit of 1 MiB for a batch with room for one event of the largest size."""


class Publisher:
    """Sends events; use as `async with Publisher(settings) as publisher`. Raises `Failure` when Kafka does not take them."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topic = settings.topic(TASK_CHANGES)
        self._partitions = 0
        self._open: dict[int, Any] = {}
        self._sent: dict[int, tuple[asyncio.Future[Any], int]] = {}
        self._ends: dict[int, int] = {}

    async def __aenter__(self) -> Self:
        here = {topic.name: topic.partitions for topic in await describe_topics(self._settings)}
        if TASK_CHANGES not in here:
            raise Failure(f"Kafka at {self._settings.bootstrap} has no topic {self._topic}: make it with `anabranch topics apply`.")
        self._partitions = here[TASK_CHANGES]
        self._producer = AIOKafkaProducer(
            **client_options(self._settings),
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=2 * BATCH_BYTES,
            compression_type="lz4",
        )
        try:
            with reaching(self._settings):
                await self._producer.start()
        except Failure:
            await self._producer.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                await self.flush()
        finally:
            await self._producer.stop()

    @property
    def positions(self) -> list[Position]:
        """Per partition that got events: the end of what the broker acknowledged."""
        return [Position(partition, end) for partition, end in sorted(self._ends.items())]

    async def send(self, events: Iterable[Event]) -> None:
        """Queue events; waits while the broker is slower than we are. An event over 256 KiB raises `Failure`."""
        for event in events:
            value = encode_event(event)
            if len(value) > MAX_EVENT_BYTES:
                raise Failure(f"The event for {event.entity} {event.entity_id} has {len(value)} bytes; {MAX_EVENT_BYTES} are allowed.")
            partition = partition_for(event.project_id, self._partitions)
            batch = self._open.get(partition)
            key = event.project_id.encode()
            if batch is None or batch.append(key=key, value=value, timestamp=None) is None:
                await self._dispatch(partition)
                batch = self._open[partition] = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)

    async def flush(self) -> None:
        """Return when the broker has acknowledged everything that was sent."""
        for partition in list(self._open):
            await self._dispatch(partition)
        for partition in list(self._sent):
            await self._acknowledged(partition)

    async def _dispatch(self, partition: int) -> None:
        """Hand over the open batch, after the one before it was acknowledged: a batch that fails has nothing behind it."""
        batch = self._open.pop(partition, None)
        if batch is None:
            return
        await self._acknowledged(partition)
        batch.close()
        try:
            future = await self._producer.send_batch(batch, self._topic, partition=partition)
        except KafkaError as error:
            raise self._refused(error) from None
        self._sent[partition] = (future, batch.record_count())

    async def _acknowledged(self, partition: int) -> None:
        sent = self._sent.pop(partition, None)
        if sent is None:
            return
        future, count = sent
        try:
            report = await future
        except KafkaError as error:
            raise self._refused(error) from None
        self._ends[partition] = report.offset + count

    def _refused(self, error: KafkaError) -> Failure:
        return Failure(
            f"Kafka at {self._settings.bootstrap} did not take the events ({error!r}); run the same command again, nothing counts twice."
        )
