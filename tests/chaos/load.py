"""Sends events straight into Kafka and through the edge, and remembers what was confirmed."""

import asyncio
import contextlib
import json
import time
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError

from api.auth import mint
from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.topics import TASK_CHANGES
from tests.chaos.events import Events, Sent
from tests.chaos.processes import SECRET

PARTITIONS: Final = 4
_PACE_S: Final = 0.1
_TWO_HOURS_MS: Final = 2 * 3600 * 1000


class Load:
    """What was confirmed: ids of events `in_log` by the broker, and `accepted` by the edge. refused: calls that the edge refused."""

    def __init__(self, kafka: KafkaSettings, events: Events, url: str) -> None:
        self.in_log: set[str] = set()
        self.accepted: set[str] = set()
        self.refused = 0
        self._kafka = kafka
        self._events = events
        self._url = url
        self._stop = asyncio.Event()

    async def run(self, per_second: int) -> None:
        """Send until `stop`, then wait until all is confirmed."""
        options = {**client_options(self._kafka), "max_batch_size": 512 * 1024, "max_request_size": 600_000}
        async with AIOKafkaProducer(**options, linger_ms=5, enable_idempotence=True) as producer:
            posting = asyncio.create_task(self._post())
            confirmed: list[asyncio.Task[None]] = []
            while not self._stop.is_set():
                due = time.monotonic() + _PACE_S
                confirmed += [await self._send(producer, one) for one in self._events.take(max(1, int(per_second * _PACE_S)))]
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), max(0.001, due - time.monotonic()))
            await asyncio.gather(*confirmed)
            await posting

    async def send(self, records: list[Sent]) -> None:
        """Send some records at once and wait for them."""
        async with AIOKafkaProducer(**client_options(self._kafka), linger_ms=5, max_batch_size=512 * 1024) as producer:
            await asyncio.gather(*[await self._send(producer, one) for one in records])

    async def refuses_the_future(self) -> bool:
        """Tell whether the broker refuses a record from a clock that is two hours ahead."""
        async with AIOKafkaProducer(**client_options(self._kafka)) as producer:
            sent = await producer.send(self._kafka.topic(TASK_CHANGES), b"{", partition=0, timestamp_ms=_now_ms() + _TWO_HOURS_MS)
            try:
                await sent
            except InvalidTimestampError:
                return True
        return False

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()

    async def _send(self, producer: AIOKafkaProducer, one: Sent) -> "asyncio.Task[None]":
        partition = partition_for(one.key.decode(), PARTITIONS)
        time_ms = _now_ms() + one.skew_ms
        while True:
            try:
                sent = await producer.send(self._kafka.topic(TASK_CHANGES), one.value, one.key, partition, timestamp_ms=time_ms)
                return asyncio.create_task(self._confirm(sent, one.id))
            except KafkaError:
                await asyncio.sleep(_PACE_S)  # its buffer is full: a broker is away

    async def _confirm(self, sent: Any, event_id: str) -> None:  # noqa: ANN401  aiokafka's future
        with contextlib.suppress(KafkaError):
            await sent
            self.in_log.add(event_id)

    async def _post(self) -> None:
        """Write through the edge as a page does, one change after the other, and take a refusal for what it is."""
        headers = {"Authorization": f"Bearer {mint(SECRET, 'load', ['*'], 3600)}"}
        other = Events(1, hot=False)
        async with httpx.AsyncClient(base_url=self._url, headers=headers, trust_env=False, timeout=15) as client:
            while not self._stop.is_set():
                for one in other.take(1):
                    await self._post_one(client, one)
                await asyncio.sleep(_PACE_S)

    async def _post_one(self, client: httpx.AsyncClient, one: Sent) -> None:
        if not one.id or one.value is None:
            return
        event = json.loads(one.value)
        body = {name: event[name] for name in ("entity", "project_id", "entity_id", "action", "data") if name in event}
        body |= {name: event[name] for name in ("branch_id", "task_id") if name in event}
        try:
            answer = await client.post("/api/v2/changes", json=body)
        except httpx.HTTPError:
            self.refused += 1
            return
        if answer.status_code == httpx.codes.ACCEPTED:
            self.accepted |= {change["id"] for change in answer.json()["changes"]}
        else:
            self.refused += 1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
