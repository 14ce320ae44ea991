"""The publisher: typed events into `task-changes`, in order, each once, with a report of where they went.

For services: `Project` makes the events, `Publisher.write` sends them and says where they lie (docs/howto/publish.md).
Events of one project leave in order: one partition, one idempotent producer, one batch at a time. aiokafka's `send()` costs tens of
microseconds an event; record batches cost about one.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec import Struct

from broker.connection import KafkaSettings, client_options
from broker.ending import CLOSE_S, end_producer
from broker.instance import read_instance
from broker.layout import missing, partition_counts
from broker.partitioner import partition_for
from broker.reach import denied, reaching
from connectors.delivery import Delivery, Group
from connectors.tracing import Headers, sending
from connectors.typed import Project, move_task
from schemas.events import Event, encode_event
from schemas.failure import Failure
from schemas.messages import Position
from schemas.topics import MAX_EVENT_BYTES, TASK_CHANGES

__all__ = ["Delivery", "Event", "Failure", "KafkaSettings", "Project", "Publisher", "local", "move_task"]

BATCH_BYTES: Final = 512 * 1024
"""Uncompressed; below the broker's limit of 1 MiB for a batch with room for one event of the largest size."""

Report = Callable[[list[Delivery]], None]
_Outgoing = tuple[Event, Headers]


class _Batch(Struct):
    """A batch that is being filled. `names` has (id, project) per event while somebody wants a report."""

    records: Any
    names: list[tuple[str, str]]


class Publisher:
    """Sends events; use as `async with Publisher(settings) as publisher`. Raises `Failure` when Kafka does not take them.

    report: called with the deliveries of each batch that the broker has acknowledged.
    """

    def __init__(self, settings: KafkaSettings, report: Report | None = None) -> None:
        self._settings = settings
        self._topic = settings.topic(TASK_CHANGES)
        self._partitions = 0
        self._open: dict[int, _Batch] = {}
        self._sent: dict[int, tuple[asyncio.Future[Any], _Batch]] = {}
        self._ends: dict[int, int] = {}
        self._report = report
        self._found: dict[str, Delivery] | None = None
        self._turn = asyncio.Lock()
        self._group = Group(self._deliver)

    async def __aenter__(self) -> Self:
        self._partitions = (await partition_counts(self._settings, [TASK_CHANGES]))[TASK_CHANGES]
        if not self._partitions:
            raise Failure(f"Kafka at {self._settings.bootstrap} {missing(self._settings, self._topic)}")
        self._producer = AIOKafkaProducer(
            **client_options(self._settings),
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            max_request_size=2 * BATCH_BYTES,
            compression_type="lz4",
        )
        try:
            async with reaching(self._settings):
                await self._producer.start()
        except BaseException:
            await end_producer(self._producer, CLOSE_S)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                await self._group.close()
                await self.flush()
        finally:
            await end_producer(self._producer, CLOSE_S)

    @property
    def positions(self) -> list[Position]:
        """Per partition that got events: the end of what the broker acknowledged."""
        return [Position(partition, end) for partition, end in sorted(self._ends.items())]

    async def write(self, *events: Event, traceparent: str | None = None) -> list[Delivery]:
        """Send events and return where they lie, once the broker has acknowledged them. Many callers at once share batches.

        traceparent: the trace that they belong to (W3C Trace Context); by default that of OpenTelemetry's current span, if there is one.
        Raises `Failure` for an event over 256 KiB, and when Kafka may not have taken them: then write the same events again,
        with the ids that they have; nothing counts twice.
        """
        for event in events:
            encoded(event)
        with sending(events, traceparent) as headers:
            return await self._group.write([(event, headers) for event in events])

    async def send(self, events: Iterable[Event], traceparent: str | None = None) -> None:
        """Queue events; waits while the broker is slower than we are. An event over 256 KiB raises `Failure`. See `flush`, `write`."""
        with sending((), traceparent) as headers:
            async with self._turn:
                await self._queue((event, headers) for event in events)

    async def flush(self) -> None:
        """Return when the broker has acknowledged everything that was sent."""
        async with self._turn:
            await self._settle()

    async def _deliver(self, items: list[_Outgoing]) -> list[Delivery]:
        async with self._turn:
            try:
                await self._settle()
                self._found = {}
                await self._queue(items)
                await self._settle()
                return [self._found[event.id] for event, _ in items]
            except Failure:
                self._open.clear()
                self._sent.clear()
                raise
            finally:
                self._found = None

    async def _queue(self, items: Iterable[_Outgoing]) -> None:
        for event, headers in items:
            value = encoded(event)
            partition = partition_for(event.project_id, self._partitions)
            batch = self._open.get(partition)
            key = event.project_id.encode()
            if batch is None or batch.records.append(key=key, value=value, timestamp=None, headers=headers) is None:
                await self._dispatch(partition)
                batch = self._open[partition] = _Batch(self._producer.create_batch(), [])
                batch.records.append(key=key, value=value, timestamp=None, headers=headers)
            if self._found is not None or self._report is not None:
                batch.names.append((event.id, event.project_id))

    async def _settle(self) -> None:
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
        batch.records.close()
        try:
            future = await self._producer.send_batch(batch.records, self._topic, partition=partition)
        except KafkaError as error:
            raise self._refused(error) from None
        self._sent[partition] = (future, batch)

    async def _acknowledged(self, partition: int) -> None:
        sent = self._sent.pop(partition, None)
        if sent is None:
            return
        future, batch = sent
        try:
            answer = await future
        except KafkaError as error:
            raise self._refused(error) from None
        self._ends[partition] = answer.offset + batch.records.record_count()
        deliveries = [Delivery(*names, partition, answer.offset + place) for place, names in enumerate(batch.names)]
        if self._found is not None:
            self._found.update((delivery.id, delivery) for delivery in deliveries)
        if self._report is not None:
            self._report(deliveries)

    def _refused(self, error: KafkaError) -> Failure:
        return denied(self._settings, error) or Failure(
            f"Kafka at {self._settings.bootstrap} did not take the events ({error!r}); run the same command again, nothing counts twice."
        )


def local(data: Path | str = ".anabranch") -> KafkaSettings:
    """Return how to reach the Kafka of the instance that runs on a data directory. Raises `Failure` when none runs there."""
    instance = read_instance(Path(data))
    if instance is None or instance.kafka is None:
        raise Failure(f"No instance runs on {data}: start one with `anabranch up --data {data}`, or give KafkaSettings(bootstrap=…).")
    return KafkaSettings(bootstrap=instance.kafka)


def encoded(event: Event) -> bytes:
    """Return the value of an event's record. Raises `Failure` over 256 KiB."""
    value = encode_event(event)
    if len(value) > MAX_EVENT_BYTES:
        raise Failure(f"The event for {event.entity} {event.entity_id} has {len(value)} bytes; {MAX_EVENT_BYTES} are allowed.")
    return value
