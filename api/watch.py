"""Asks Kafka again and again where the logs end, and tells when what this edge shows is too old."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from api.meters import Meters
from api.protocol.backlog import Backlog
from api.protocol.freshness import Ends, Old, fresh
from api.protocol.hub import Hub
from api.settings import TailSettings
from broker.connection import KafkaSettings
from broker.records import records_between
from schemas.failure import Failure
from schemas.topics import CASCADES, TASK_CHANGES

log = structlog.get_logger()
PROBE_TIMEOUT_S: Final = 1.0


class Watch:
    """stale: called when what is shown became too old, and with None when all is well again.

    `broker`: Kafka does not answer. `lag`: this edge is behind `cascades`. `backlog`: no worker is, or the worker is behind `task-changes`.
    """

    def __init__(self, kafka: KafkaSettings, settings: TailSettings, hub: Hub, meters: Meters) -> None:
        self.stale: Callable[[Old | None], None] = lambda _old: None
        self._kafka = kafka
        self._settings = settings
        self._hub = hub
        self._meters = meters
        self._told: str | None = None

    async def run(self, consumer: AIOKafkaConsumer, ready: asyncio.Event) -> None:
        """Ask until cancelled. ready: set once the edge has read what was there at its start; before that nothing is old."""
        now_s = time.monotonic()
        cascades, backlog = fresh(self._settings.stale_after_s, now_s), Backlog(fresh(self._settings.stale_after_s, now_s))
        while True:
            await asyncio.sleep(self._settings.probe_s)
            written, logged = await asyncio.gather(self._ends(consumer, CASCADES), self._ends(consumer, TASK_CHANGES))
            now_s = time.monotonic()
            if written is not None:
                applied = {partition: place.applied for partition, place in self._hub.places.items()}
                self._meters.lag.set(_between(applied, written))
                cascades.answer(written, applied if ready.is_set() else written, now_s)
            if logged is not None:
                self._meters.backlog.set(_between(self._through(), logged))
                await self._weigh(backlog, logged, self._through() if ready.is_set() else logged, now_s)
            self._tell(cascades.old(now_s) or backlog.old(now_s))

    async def _weigh(self, backlog: Backlog, ends: Ends, through: Ends, now_s: float) -> None:
        backlog.answer(ends, through, now_s)
        if doubtful := backlog.doubtful(through, now_s + PROBE_TIMEOUT_S):
            backlog.found(ends, await self._first_events({one: (through[one], ends[one]) for one in doubtful}))
            backlog.answer(ends, through, now_s)

    def _tell(self, old: Old | None) -> None:
        reason = None if old is None else old.reason
        if reason == self._told:
            return
        self._told = reason
        if reason is None:
            log.info("edge_live")
        else:
            log.warning("edge_stale", reason=reason)
        self.stale(old)

    def _through(self) -> Ends:
        return {partition: place.through for partition, place in self._hub.places.items()}

    async def _ends(self, consumer: AIOKafkaConsumer, topic: str) -> Ends | None:
        """Return where the partitions of a topic end; None when the broker does not say."""
        places = [TopicPartition(self._kafka.topic(topic), partition) for partition in self._hub.places]
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):  # wait_for of Python 3.11 loses a cancel that comes with the answer
                return {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}
        except (KafkaError, TimeoutError):
            return None

    async def _first_events(self, spans: Mapping[int, tuple[int, int]]) -> dict[int, int | None]:
        """Return the first event of each span of `task-changes`, None where there is none; what could not be read is left out."""
        left = dict(spans)
        events: dict[int, int | None] = {}
        begins, ends = ({one: span[side] for one, span in spans.items()} for side in (0, 1))
        with suppress(Failure, KafkaError, TimeoutError):
            async with asyncio.timeout(PROBE_TIMEOUT_S), aclosing(records_between(self._kafka, begins, ends)) as batches:
                async for partition, records in batches:
                    if records and partition in left:
                        events[partition] = records[0].offset
                        del left[partition]
                    if not left:
                        return events
            return events | dict.fromkeys(left)
        return events


def _between(here: Ends, ends: Ends) -> int:
    return sum(max(0, end - here[partition]) for partition, end in ends.items())
