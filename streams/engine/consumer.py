"""Faust's consumer, delivering batches: one message per topic partition whose value is the list of raw records.

Replaces, of Faust 0.15.3: `Consumer.getmany` (4 asyncio tasks per message), the hard-coded 1500 ms fetch wait, pausing in
Faust's own books only, commits of whatever was acknowledged (PR 707), the commit's unbounded flush, and the seek to the
committed offset, which here never starts behind the rows' `through` without need (architecture 5.1, 5.2, 5.6).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, cast

import aiokafka
from aiokafka import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from mode import Service
from mode.utils.futures import maybe_async

from streams.domain.records import Record
from streams.engine import lean
from streams.engine.patience import patiently
from streams.engine.ports import Batch, Partitions, Place
from streams.engine.position import start_of

if TYPE_CHECKING:
    from streams.engine.faust_app import BatchTransport

_IDLE_FETCH_S: Final = 1.0
_FULL_FETCH_S: Final = 0.02
_PREFETCH_BACKOFF_S: Final = 0.01
_COMMIT_TIMEOUT_S: Final = 2.0


class BatchThread(driver.AIOKafkaConsumerThread):
    """What owns the aiokafka consumer: in Faust a thread, here a task of the worker's own loop.

    Two threads fight for the interpreter on every record (about 0.3 ms of 2.5 from event to cascade), and a thread of its own would
    go on sending heartbeats for a worker that is stuck. A call runs in its caller's task, so pausing, seeking and draining are
    ordered as they are written.
    """

    _read: dict[TP, tuple[int, int]]
    _serving: asyncio.Task[None]

    async def start(self) -> None:
        """Start without a thread."""
        self._thread_started.set()
        self._thread_running = asyncio.get_running_loop().create_future()
        self._serving = asyncio.create_task(self._serve())
        try:
            await self._thread_running
        finally:
            self._thread_running = None  # type: ignore[assignment]  # as Faust does

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  Faust's signature
        """Call here and now."""
        return await maybe_async(fun(*args, **kwargs))

    async def _gather_remaining_tasks(self) -> None:
        """Leave the loop's other tasks alone: they are not this service's."""

    def _create_worker_consumer(self, transport: "BatchTransport") -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._read = {}
        self._assignor = self.app.assignor
        return aiokafka.AIOKafkaConsumer(
            **transport.client_options,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=transport.fetch_wait_ms,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    async def on_start(self) -> None:
        """Start the consumer; its fetcher must not let one undrained partition hold up the others for 100 ms."""
        await super().on_start()
        self._ensure_consumer()._fetcher._prefetch_backoff = _PREFETCH_BACKOFF_S  # noqa: SLF001  no public setting

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> Mapping[TP, Batch]:
        if not self.consumer.flow_active:
            return {}
        self._pause_others(consumer, active_partitions)
        with consumer._subscription.fetch_context():  # noqa: SLF001  what `getmany` of aiokafka does
            await lean.wait_for_records(consumer, active_partitions, timeout or 0)
        drained = await super()._fetch_records(consumer, active_partitions, timeout=0, max_records=max_records)
        return {tp: self._batch(consumer, tp, records) for tp, records in drained.items() if records}

    def _batch(self, consumer: aiokafka.AIOKafkaConsumer, tp: TP, records: list[Record]) -> Batch:
        token, begin = self._read.get(tp, (0, records[0].offset))
        end = lean.position(consumer, tp)
        self._read[tp] = (token, end)
        return Batch(records, token, begin, end)

    def _pause_others(self, consumer: aiokafka.AIOKafkaConsumer, wanted: set[TP]) -> None:
        paused = consumer.paused()
        consumer.pause(*(tp for tp in consumer.assignment() if tp not in wanted and tp not in paused))
        consumer.resume(*(tp for tp in paused if tp in wanted))

    async def place(self, throughs: Mapping[TP, int]) -> Mapping[TP, Place]:
        """Position source partitions where their owners must start to read."""
        consumer = self._ensure_consumer()
        topic_partitions = [TopicPartition(*tp) for tp in throughs]  # aiokafka insists on its own type
        committed = {tp: await consumer.committed(tp) for tp in topic_partitions}
        beginnings = await consumer.beginning_offsets(topic_partitions)
        return {tp: self._seek_now(tp, start_of(committed[tp], through, beginnings[tp])) for tp, through in throughs.items()}

    async def replace(self, tp: TP, offset: int) -> Place:
        """Position one partition again."""
        return self._seek_now(tp, offset)

    def _seek_now(self, tp: TP, offset: int) -> Place:
        self._ensure_consumer().seek(TopicPartition(*tp), offset)
        token = self._read.get(tp, (0, 0))[0] + 1
        self._read[tp] = (token, offset)
        return Place(offset, token)

    def reading(self) -> AbstractContextManager[None]:
        """Let aiokafka take the time inside for reading: it leaves the group when nobody read for long."""
        context: AbstractContextManager[None] = self._ensure_consumer()._subscription.fetch_context()  # noqa: SLF001  as in `_fetch_records`
        return context

    def position_of(self, tp: TP) -> int:
        """Return the next offset to be drained, 0 while Kafka has not said where that is."""
        return lean.position(self._ensure_consumer(), tp)

    def highwater(self, tp: TP) -> int:
        """Return the end of what may be read: below any open transaction."""
        return self._ensure_consumer().last_stable_offset(TopicPartition(*tp)) or 0


class _Unread(dict[TP, int | None]):
    """Faust's read offsets, always unknown: it drops messages below them, and sets them late, after a seek back."""

    def __getitem__(self, tp: TP) -> int | None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        return


class BatchConsumer(driver.Consumer):
    """Faust's consumer with the parts replaced that the module names."""

    _thread: BatchThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's signature
        super().__init__(*args, **kwargs)
        self._read_offset = _Unread()

    @property
    def partitions(self) -> Partitions:
        """The owners."""
        return cast("Partitions", self.transport.partitions)

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    def on_buffer_full(self, tp: TP) -> None:
        """Ignore Faust's own back-pressure: it counts messages, and ours are batches."""

    def on_buffer_drop(self, tp: TP) -> None:
        """See `on_buffer_full`."""

    async def _drain_messages(self, fetcher: Service) -> None:
        """Hand message after message to Faust's conductor. Faust does the same with four asyncio tasks for each."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=_IDLE_FETCH_S):
                    await self.callback(message)
                await asyncio.sleep(0)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  Faust's signature
        """Yield one message per partition that has records and room for them."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        active = set(self._get_active_partitions())
        wanted = {tp for tp in active if not self._is_source(tp) or self.partitions.has_room(tp.partition)}
        if not wanted:
            await asyncio.sleep(_FULL_FETCH_S if active else _IDLE_FETCH_S / 10)
            return
        generation = self.app.consumer_generation_id
        batches = await self._thread.getmany(wanted, min(timeout, _IDLE_FETCH_S) if len(wanted) == len(active) else _FULL_FETCH_S)
        for tp, batch in batches.items():
            if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                return  # whoever resumes the flow positions the partitions first, so these records come again
            if tp in self._active_partitions:
                yield tp, self._batch_message(tp, batch)

    def _batch_message(self, tp: TP, batch: Batch) -> Message:
        last = batch.records[-1]
        return ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp_ms / 1000,
            timestamp_type=0,
            headers=None,
            key=b"",
            value=batch,
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    def reading(self) -> AbstractContextManager[None]:
        """Stay in the group while others read for this worker."""
        return self._thread.reading()

    def position_of(self, partition: int) -> int:
        """Return the next offset of `task-changes` to be drained."""
        return self._thread.position_of(TP(self.transport.source_topic, partition))

    def _is_source(self, tp: TP) -> bool:
        return bool(tp.topic == self.transport.source_topic)

    def _sources(self) -> dict[TP, int]:
        return {TP(self.transport.source_topic, number): through for number, through in self.partitions.throughs().items()}

    async def perform_seek(self) -> None:
        """Position the source partitions for their owners, and open the owners."""
        assigned = self.assignment()
        throughs = {tp: through for tp, through in self._sources().items() if tp in assigned}
        places = await patiently(lambda: self._thread.call_thread(self._thread.place, throughs)) if throughs else {}
        for tp, place in places.items():
            await self._opened(tp, place)

    async def reposition(self, partition: int, offset: int) -> None:
        """Read a partition again from an offset, because its owner saw a gap (Faust issue 596)."""
        tp = TP(self.transport.source_topic, partition)
        await self._opened(tp, await self._thread.call_thread(self._thread.replace, tp, offset))

    async def _opened(self, tp: TP, place: Place) -> None:
        self._committed_offset[tp] = place.offset
        await self.partitions.open(tp.partition, place)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Keep no gaps: a batch's offsets are its own, and the owners check where it starts."""

    def _filter_tps_with_pending_acks(self, topics: object = None) -> Iterator[TP]:  # noqa: ARG002  Faust's signature
        return iter(self._sources())

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self.partitions.watermark(tp.partition)

    async def wait_empty(self) -> None:
        """Settle the owners and commit, both bounded: a broker that is away must not keep the process from ending."""
        await self.partitions.settle()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_COMMIT_TIMEOUT_S):
                await self.commit()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave liveness to `streams.progress`."""

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the beginnings, which Faust asks for before it restores; a store may lack nothing that lies below them."""
        ask = super().earliest_offsets
        begins: Mapping[TP, int] = await patiently(lambda: ask(*partitions))
        for tp, begin in begins.items():
            if not self._is_source(tp):
                self.transport.stores.check_begin(tp.partition, begin or 0)
        return begins

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Return the ends; a store that is ahead of its topic is given up before Faust compares them (its issue 158)."""
        ask = super().highwaters
        ends: Mapping[TP, int] = await patiently(lambda: ask(*partitions))
        self._check_stores(ends.items())
        return ends

    def _check_stores(self, ends: Iterable[tuple[TP, int]]) -> None:
        for tp, end in ends:
            if self.transport.stores.give_up_if_ahead(tp.partition, end):
                self.app.tables.recovery.active_offsets[tp] = None
                self.app.tables.recovery.standby_offsets[tp] = None
