"""Large events slow the fetch of a worker instead of filling its memory: on a real broker."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.events import Event, Fields
from streams.app import Worker
from streams.engine.probe import Layout, read_layout
from streams.kit import Kit
from streams.owner import Owner
from streams.settings import Limits, Times, WorkerSettings
from tests.integration.streams.topic_log import PARTITIONS, send
from tests.unit.streams.sink import Sink

_EVENTS = 120
_LABELS = 900
_FETCH_BYTES = 1 << 20


class _Held(Worker):
    """A worker whose producer gets no answer until it is told."""

    sink: Sink

    def _kit(self, layout: Layout, options: dict[str, Any]) -> Kit:
        self.sink = Sink(held=True)
        return dataclasses.replace(super()._kit(layout, options), sink=lambda: self.sink)

    @property
    def owner(self) -> Owner | None:
        """Return the owner of the partition with the events."""
        number = partition_for("project-1", PARTITIONS)
        return next((owner for owner in self._owners if owner.number == number), None)


def _large(number: int) -> Event:
    return Event(
        id=f"{number}",
        entity="task",
        action="update",
        project_id="project-1",
        entity_id=f"t{number}",
        branch_id="b",
        occurred_at="2026-02-28T03:55:36.000Z",
        source="user",
        data=Fields(title="x", labels=[f"{label:0100}" for label in range(_LABELS)], branch_id="b"),
    )


async def _held(topics: KafkaSettings, directory: Path, most: int) -> _Held:
    settings = WorkerSettings(
        kafka=topics, worker_dir=directory, private_port=None, limits=Limits(in_flight_bytes=most), times=Times(session_ms=30_000)
    )
    return _Held(settings, client_options(topics), await read_layout(topics, 20))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  because nobody tells
            await asyncio.sleep(0.05)


async def _still(worker: _Held, wanted: int) -> tuple[int, int]:
    """Wait until the worker has taken so many events, and nothing more for a while; return the events and bytes that it holds."""
    await _until(lambda: worker.owner is not None and worker.owner.in_flight >= wanted)
    before = -1
    while (owner := worker.owner) is not None and owner.in_flight != before:
        before = owner.in_flight
        await asyncio.sleep(1.0)
    assert owner is not None
    return owner.in_flight, owner.weight.total


async def test_large_events_slow_the_fetch(topics: KafkaSettings, tmp_path: Path) -> None:
    """Far below the limit of events, a partition is read no further than its share of bytes and one fetch; with room it goes on to the end.

    A worker with a wide limit takes all of them: nothing else holds them back.
    """
    await send(topics, map(_large, range(_EVENTS)))
    size = _EVENTS * _LABELS * 103
    for most, all_of_them in ((PARTITIONS * 1_000_000, False), (PARTITIONS * 10 * size, True)):
        worker = await _held(topics, tmp_path, most)
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        try:
            events, held = await _still(worker, _EVENTS if all_of_them else 1)
            assert (events == _EVENTS) is all_of_them
            assert held > size if all_of_them else held < 1_000_000 + 2 * _FETCH_BYTES
            worker.sink.held = False
            worker.sink.acknowledge()
            await _until(lambda: worker.owner is not None and worker.owner.watermark == _EVENTS)  # noqa: B023  awaited inside the loop
            assert worker.owner is not None
            assert worker.owner.weight.total == 0
        finally:
            stop.set()
            await running
