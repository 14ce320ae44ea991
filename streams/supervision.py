"""Watches a running worker: the sign of life from Kafka, progress, standing still; keeps the figures for health and metrics."""

import asyncio
import os
import platform
import time
from collections.abc import Callable
from typing import Final

import faust
from faust.types import TP

from streams.collector import collect
from streams.health import State
from streams.kafka_watch import KafkaWatch
from streams.metrics import Meters
from streams.owners import Owners
from streams.progress import Ends, Progress

_PERIOD_S: Final = 1.0
_PLACES: Final = ("end", "read", "taken", "durable", "committed")


class StalledError(Exception):
    """The worker stood still for too long."""


class Supervision:
    """What runs beside the owners. fatal: ends the worker. session_s: of the consumer group."""

    def __init__(self, app: faust.App, source_topic: str, owners: Owners, meters: Meters, fatal: Callable[[BaseException], None]) -> None:
        self._app = app
        self._topic = source_topic
        self._owners = owners
        self._meters = meters
        self._fatal = fatal
        self._ends: dict[int, Ends] = {}
        self._problem: str | None = None
        self.watch = KafkaWatch(app.transport.client_options["bootstrap_servers"], self._ask, self._kafka_changed)
        meters.kafka_up.set(1)

    async def run(self, stall_s: float, session_s: float) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(collect())
            group.create_task(self.watch.run())
            group.create_task(self._progress(stall_s))
            group.create_task(self._pulse(session_s / 2))

    @property
    def _is_ready(self) -> bool:
        return self._owners.assigned and not self._app.rebalancing

    def state(self) -> State:
        """Return what /healthz and /readyz say."""
        sizes = self._owners.sizes()
        windows = {owner.number: owner.open_windows for owner in self._owners}
        partitions = {
            number: {
                **{place: getattr(ends, place) for place in _PLACES},
                "windows": windows.get(number, 0),
                "store_bytes": sizes.get(number, 0),
            }
            for number, ends in self._ends.items()
        }
        mine = {tp.partition for tp in self._app.assignor.assigned_actives() if tp.topic == self._topic}
        return State(
            ready=self._is_ready,
            kafka_up=self.watch.up,
            problem=self._problem,
            partitions=partitions,
            instance=self._app.conf.consumer_group_instance_id or f"{platform.node()}:{os.getpid()}",
            standbys=tuple(sorted(sizes.keys() - mine)),
            restoring=tuple(sorted(mine - windows.keys())),
        )

    async def _ask(self) -> bool:
        return bool(await asyncio.shield(self._app.producer._producer.client.force_metadata_update()))  # noqa: SLF001  Faust offers no ping

    def _kafka_changed(self, up: bool) -> None:  # noqa: FBT001  a callback with one meaning
        self._meters.kafka_up.set(int(up))

    async def _progress(self, stall_s: float) -> None:
        progress = Progress(stall_s)
        while True:
            await asyncio.sleep(_PERIOD_S)
            self._ends = self._measure()
            self._show()
            stalled = progress.note(time.monotonic(), self._ends, excused=not self.watch.up or self._app.rebalancing)
            if stalled:
                self._problem = f"no progress for {stall_s:g} s on partitions {stalled} while events wait"
                self._fatal(StalledError(self._problem))

    def _measure(self) -> dict[int, Ends]:
        consumer = self._app.consumer
        found: dict[int, Ends] = {}
        for owner in self._owners:
            tp = TP(self._topic, owner.number)
            if tp in consumer.assignment():
                durable = owner.watermark or 0
                committed = consumer._committed_offset[tp] or 0  # noqa: SLF001  Faust's own record of it
                found[owner.number] = Ends(consumer.highwater(tp), consumer.position_of(owner.number), owner.taken, durable, committed)
        return found

    def _show(self) -> None:
        meters = self._meters
        meters.store_bytes.clear()
        for number, size in self._owners.sizes().items():
            meters.store_bytes.labels(str(number)).set(size)
        meters.ready.set(int(self._is_ready))
        for owner in self._owners:
            label = str(owner.number)
            meters.in_flight.labels(label).set(owner.in_flight)
            meters.in_flight_bytes.labels(label).set(owner.weight.total)
            meters.windows.labels(label).set(owner.open_windows)
            ends = self._ends.get(owner.number)
            if ends is not None:
                meters.lag.labels(label).set(ends.lag)
                for place in ("end", "read", "durable", "committed"):
                    meters.offsets.labels(label, place).set(getattr(ends, place))

    async def _pulse(self, limit_s: float) -> None:
        """End a worker that stood still (stopped, starved) for half its session: another may own its partitions by now."""
        before = time.monotonic()
        while True:
            await asyncio.sleep(limit_s / 10)
            now = time.monotonic()
            if now - before > limit_s:
                self._fatal(StalledError(f"the process stood still for {now - before:.1f} s, longer than half its session"))
            before = now
