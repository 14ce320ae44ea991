"""Puts changes into `task-changes` and answers where they stand, once the broker has confirmed them."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from api.meters import Meters
from api.now import now_ms
from api.problems import Refusal
from api.protocol.recent import Recent
from api.protocol.writes import Write
from api.tracing import Traces, Written
from broker.connection import KafkaSettings, client_options
from broker.ending import CLOSE_S, end_producer
from broker.partitioner import partition_for
from broker.reach import quiet_clients
from schemas.messages import Position
from schemas.problems import LOG_UNAVAILABLE, Problem
from schemas.topics import MAX_EVENT_BYTES, TASK_CHANGES

log = structlog.get_logger()
_RETRY_S: Final = 0.5
_REFUSED_S: Final = 10.0
"""An edge without the right to write only shows; it asks again now and then, since rights may come."""
_ROOM: Final = 4096
_LAST_S: Final = 3.0
"""For what is in line when the edge ends: as long as HTTP calls may go on."""


class Appended(NamedTuple):
    """Where a change stands. known: it was written before."""

    position: Position
    known: bool = False


class ChangeLog:
    """The edge's way into `task-changes`. `run` connects; before that, changes are answered with `log-unavailable`."""

    def __init__(self, kafka: KafkaSettings, ack_timeout_s: float, meters: Meters, traces: Traces) -> None:
        self._kafka = kafka
        self._topic = kafka.topic(TASK_CHANGES)
        self._timeout_s = ack_timeout_s
        self._meters = meters
        self._traces = traces
        self._recent = Recent()
        self._producer: AIOKafkaProducer | None = None
        self._partitions = 0

    async def run(self) -> None:
        """Keep a producer until cancelled. A broker that is not there yet is waited for."""
        producer = await self._connect()
        try:
            self._partitions = len(await producer.partitions_for(self._topic))
            self._producer = producer
            await asyncio.Event().wait()
        finally:
            self._producer = None
            if not await end_producer(producer, _LAST_S):
                log.warning("changes_given_up", note="Kafka did not take them before the edge ended; nobody was told that it did.")

    async def append(self, write: Write, trace: str | None = None) -> Awaitable[Appended | Problem]:
        """Put a change in line, in the order of the calls; awaiting the answer waits for the broker. trace: the caller's `traceparent`."""
        event = write.event
        user = event.user_id or ""
        known = self._recent.find(user, event.id, now_ms())
        if known is not None:
            self._meters.writes.labels("duplicate").inc()
            return _done(Appended(known, known=True))
        producer = self._producer
        if producer is None:
            self._meters.writes.labels("refused").inc()
            return _done(Problem(LOG_UNAVAILABLE, retry_after_ms=1000))
        partition = partition_for(event.project_id, self._partitions)
        span = self._traces.written(event, trace)
        record = {"value": write.value, "key": event.project_id.encode(), "partition": partition, "headers": span.headers}
        try:
            async with asyncio.timeout(self._timeout_s):
                sent = await producer.send(self._topic, **record)
        except (KafkaError, TimeoutError):
            span.end(LOG_UNAVAILABLE.code)
            self._meters.writes.labels("refused").inc()
            return _done(Problem(LOG_UNAVAILABLE, retry_after_ms=1000))
        return asyncio.ensure_future(self._answered(span, self._confirmed(sent, partition, user, event.id)))

    async def _answered(self, span: Written, answer: Awaitable[Appended | Problem]) -> Appended | Problem:
        found = await answer
        span.end(found.type.code if isinstance(found, Problem) else None)
        return found

    async def _confirmed(self, sent: "asyncio.Future[object]", partition: int, user: str, message_id: str) -> Appended | Problem:
        try:
            async with asyncio.timeout(self._timeout_s):
                metadata = await asyncio.shield(sent)
        except (KafkaError, TimeoutError):
            self._meters.writes.labels("refused").inc()
            return Problem(LOG_UNAVAILABLE, retry_after_ms=1000)
        position = Position(partition, int(metadata.offset) + 1)  # type: ignore[attr-defined]  # aiokafka's RecordMetadata
        self._recent.add(user, message_id, position, now_ms())
        self._meters.writes.labels("taken").inc()
        return Appended(position)

    async def _connect(self) -> AIOKafkaProducer:
        waiting = False
        while True:
            producer = AIOKafkaProducer(
                acks="all",
                enable_idempotence=True,
                max_request_size=MAX_EVENT_BYTES + _ROOM,
                **client_options(self._kafka),
            )
            try:
                with quiet_clients():
                    await producer.start()
                await producer.partitions_for(self._topic)
            except KafkaError as error:
                await end_producer(producer, CLOSE_S)
                if not waiting:
                    log.warning(
                        "changes_not_taken", reason=type(error).__name__, note="Changes are answered with log-unavailable till then."
                    )
                waiting = True
                await asyncio.sleep(_RETRY_S if error.retriable else _REFUSED_S)
            except BaseException:
                await end_producer(producer, CLOSE_S)
                raise
            else:
                return producer


def confirmed(answers: Iterable[Appended | Problem]) -> list[Appended]:
    """Return the answers to several changes. Raises `Refusal` when one is not in the log."""
    found: list[Appended] = []
    for answer in answers:
        if isinstance(answer, Problem):
            raise Refusal(answer)
        found.append(answer)
    return found


def ends_of(positions: Iterable[Position]) -> list[dict[str, int]]:
    """Return one place for each partition, the last one: what `min_position` takes."""
    ends: dict[int, int] = {}
    for position in positions:
        ends[position.partition] = max(ends.get(position.partition, 0), position.offset)
    return [{"partition": partition, "offset": offset} for partition, offset in sorted(ends.items())]


async def _answer(result: Appended | Problem) -> Appended | Problem:
    return result


def _done(result: Appended | Problem) -> Awaitable[Appended | Problem]:
    return _answer(result)
