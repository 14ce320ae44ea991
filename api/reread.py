"""The rows of one project, read once more from the beginning of `task-state`, by the code that reads them at the start."""

import asyncio
import time
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from api.feed import NO_EPOCH, Audience, Feed, Observed, Record
from api.meters import Meters
from api.protocol.hub import Hub, Place
from api.protocol.limits import Limits
from api.replica import Replica
from api.tracing import Untraced
from broker.connection import KafkaSettings, client_options
from broker.ending import running
from broker.reading import FETCH_WAIT_MS
from schemas.topics import TASK_STATE, epoch_key, escape, offset_key

_PATIENCE_S: Final = 600.0
_POLL_MS: Final = 500


class NotWholeError(Exception):
    """The topic does not hold all rows: a worker has yet to fold them again (docs/decisions/0018)."""


async def reread(kafka: KafkaSettings, partition: int, project_id: str) -> tuple[Replica, int]:
    """Return a project's rows, members among them, as its partition has them now, and up to where in `task-changes` they go.

    Raises `NotWholeError` where rows were deleted from the topic, `KafkaError` when the broker refuses, `TimeoutError` when it is away.
    """
    replica = Replica()
    hub = Hub(replica, lambda _project_id: partition, Limits())
    hub.begin(partition, Place(NO_EPOCH))
    feed = Feed(replica, hub, Observed(Meters(), Untraced()), Audience(lambda _project: None, lambda _project, _user: None))
    place = TopicPartition(kafka.topic(TASK_STATE), partition)
    consumer = AIOKafkaConsumer(
        **client_options(kafka),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",  # as the tail reads
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    consumer.assign([place])
    async with asyncio.timeout(_PATIENCE_S), running(consumer):
        last = (await consumer.end_offsets([place]))[place]
        if (await consumer.beginning_offsets([place]))[place]:
            feed.cut_off(partition)
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < last:
            for record in (await consumer.getmany(place, timeout_ms=_POLL_MS)).get(place, ()):
                key = record.key or b""
                if _concerns(key, partition, project_id):
                    feed.state(Record(partition, record.offset, key, record.value, record.timestamp), int(time.time() * 1000))
    if feed.owing:
        raise NotWholeError
    return replica, hub.places[partition].through


def _concerns(key: bytes, partition: int, project_id: str) -> bool:
    return key in {offset_key(partition), epoch_key(partition)} or key.split(b"/", 2)[1:2] == [escape(project_id).encode()]
