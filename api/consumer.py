"""Reads `task-state` from its beginning and `cascades` from a few minutes back, for ever; a broker outage is waited out."""

import asyncio
import time
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from api.feed import NO_EPOCH, Feed, Jumped, Record
from api.meters import Meters
from api.protocol.hub import Hub, Place
from api.settings import TailSettings
from api.watch import Watch
from broker.connection import KafkaSettings, client_options
from broker.ending import end
from broker.reach import failure_of, quiet_clients
from schemas.failure import Failure, Refused
from schemas.topics import CASCADES, TASK_STATE

log = structlog.get_logger()
_RETRY_S: Final = 0.5
_POLL_MS: Final = 200
_CHUNK: Final = 256
"""Records between two looks at the other tasks of the loop."""


class Ends(NamedTuple):
    """Where each topic's partitions ended when the edge started."""

    state: dict[int, int]
    cascades: dict[int, int]


class Tail:
    """watch: tells when what was read is too old."""

    def __init__(self, kafka: KafkaSettings, settings: TailSettings, feed: Feed, hub: Hub, meters: Meters) -> None:
        self.ready = asyncio.Event()
        self.partitions = 0
        self.watch = Watch(kafka, settings, hub, meters)
        self.moved = asyncio.Condition()
        self._kafka = kafka
        self._settings = settings
        self._feed = feed
        self._hub = hub
        self._meters = meters
        self._state_topic = kafka.topic(TASK_STATE)
        self._cascades_topic = kafka.topic(CASCADES)
        self._read: dict[int, int] = {}
        self._ends = Ends({}, {})
        self._held_back: list[TopicPartition] = []

    async def run(self) -> None:
        """Read until cancelled. Raises `Failure` when the topics are not the ones that were read before."""
        consumer = await self._connect()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read_on(consumer))
                tasks.create_task(self.watch.run(consumer, self.ready))
        except BaseExceptionGroup as group:
            raise _why(group) from None
        finally:
            await end(consumer)

    async def _connect(self) -> AIOKafkaConsumer:
        waiting = False
        while True:
            consumer = AIOKafkaConsumer(
                self._state_topic,
                self._cascades_topic,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",  # as the worker reads: what is not committed is no event, and no end of a log
                fetch_max_wait_ms=self._settings.fetch_wait_ms,
                **client_options(self._kafka),
            )
            try:
                await consumer.start()
                await self._begin(consumer)
            except KafkaError as error:
                await end(consumer)
                await self._give_up(error)
                if not waiting:
                    log.warning("kafka_awaited", bootstrap=self._kafka.bootstrap, reason=type(error).__name__)
                waiting = True
                await asyncio.sleep(_RETRY_S)
            except BaseException:
                await end(consumer)
                raise
            else:
                return consumer

    async def _give_up(self, error: KafkaError) -> None:
        """Raise `Refused` when Kafka is there and does not want this edge: waiting changes nothing."""
        with quiet_clients():
            found = await failure_of(self._kafka, error)
        if isinstance(found, Refused):
            raise found from None

    async def _begin(self, consumer: AIOKafkaConsumer) -> None:
        """Note the ends, and begin each partition of the hub where its tail begins.

        `cascades` waits until `task-state` was read: its frames carry the epoch, which is a row there.
        """
        state = [TopicPartition(self._state_topic, p) for p in sorted(consumer.partitions_for_topic(self._state_topic))]
        cascades = [TopicPartition(self._cascades_topic, p) for p in sorted(consumer.partitions_for_topic(self._cascades_topic))]
        ends = await consumer.end_offsets(state + cascades)
        starts = await consumer.beginning_offsets(state)
        since_ms = int(time.time() * 1000) - self._settings.back_s * 1000
        floors = await consumer.offsets_for_times(dict.fromkeys(cascades, since_ms))
        for place in cascades:
            found = floors[place]
            floor = ends[place] if found is None else found.offset
            consumer.seek(place, floor)
            self._hub.begin(place.partition, Place(NO_EPOCH, floor, floor))
        self._read = {place.partition: starts[place] for place in state}
        for place in state:
            consumer.seek(place, starts[place])
            if starts[place]:
                self._feed.cut_off(place.partition)
        if self._feed.owing:
            log.warning("rows_awaited", partitions=self._feed.owing, note="The oldest were deleted; a worker makes all anew.")
        self._ends = Ends({place.partition: ends[place] for place in state}, {place.partition: ends[place] for place in cascades})
        self.partitions = len(cascades)
        self._held_back = cascades
        consumer.pause(*cascades)
        self._note_progress(consumer)

    async def _read_on(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            for place, records in batches.items():
                for start in range(0, len(records), _CHUNK):
                    self._take(place, records[start : start + _CHUNK])
                    await asyncio.sleep(0)
            if batches:
                self._note_progress(consumer)
                async with self.moved:
                    self.moved.notify_all()

    def _take(self, place: TopicPartition, records: list[ConsumerRecord[Any, Any]]) -> None:
        now_ms = int(time.time() * 1000)
        is_state = place.topic == self._state_topic
        take = self._feed.state if is_state else self._feed.cascade
        for record in records:
            take(Record(place.partition, record.offset, record.key or b"", record.value, record.timestamp, tuple(record.headers)), now_ms)
        if is_state:
            self._read[place.partition] = records[-1].offset + 1

    def _note_progress(self, consumer: AIOKafkaConsumer) -> None:
        if self.ready.is_set() or any(self._read[p] < end for p, end in self._ends.state.items()) or self._feed.owing:
            return
        consumer.resume(*self._held_back)
        self._held_back = []
        if all(self._hub.places[p].applied >= end for p, end in self._ends.cascades.items()):
            self._feed.live = True
            self.ready.set()
            self._meters.ready.set(1)
            log.info("edge_ready", partitions=self.partitions)


def _why(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return why reading ended: a sentence for what a person can mend, else the fault itself."""
    if group.subgroup(Jumped) is not None:
        return Failure("The topics are not the ones that this edge has read (made anew, or cut short): start the edge again.")
    error = group.exceptions[0]
    if isinstance(error, KafkaError):
        return Failure(f"Kafka refuses to be read ({type(error).__name__}): check the edge's rights and the topics.")
    return error
