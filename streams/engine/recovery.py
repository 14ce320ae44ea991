"""Faust's recovery, which first has stores that lack much filled by processes of their own (docs/decisions/0026)."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from faust.tables.recovery import Recovery
from faust.types import TP

from streams.engine.fill import Part
from streams.engine.fillers import Fillers, Lacking
from streams.engine.table import Stores

log = structlog.get_logger("streams.store")


class FillingRecovery(Recovery):
    """Reads what is left after the stores were filled. A rebalance and the end of the worker end the filling."""

    def __init__(self, *args: Any, stores: Stores, fillers: Fillers, **kwargs: Any) -> None:  # noqa: ANN401  Faust's signature
        super().__init__(*args, **kwargs)
        self._stores = stores
        self._fillers = fillers
        self._filling: asyncio.Task[None] | None = None
        self._begun = False

    async def on_rebalance(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's signature
        """Begin anew. The end of the filling was asked for at the revoke, unless it had not begun yet."""
        await self.end_filling()
        self._begun = False
        await super().on_rebalance(*args, **kwargs)

    async def on_stop(self) -> None:
        """End the filling, too."""
        await self.end_filling()
        await super().on_stop()

    async def end_filling(self) -> None:
        """End the processes; their stores may be opened then."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait([self._filling])

    async def _wait(self, coro: Any, timeout: Any = None) -> None:  # noqa: ANN401, ARG002, ASYNC109  Faust's signature
        """Wait as Faust does. Its first wait comes before anything was read, and has no limit: behind it is the place to fill.

        No other has one here either: Faust takes a wait that Kafka kept beyond its limit for its own end, and never restores again.
        """
        await super()._wait(coro)
        if not self._begun:
            self._begun = True
            await super()._wait(self._filled())

    async def _filled(self) -> None:
        self._filling = asyncio.create_task(self._fill())
        await asyncio.wait([self._filling])
        if not self._filling.cancelled():
            error = self._filling.exception()
            if error is None:
                return
            self._stores.fail(error)
        await asyncio.Event().wait()  # until Faust gives this wait up, because the next recovery begins or the worker ends

    async def _fill(self) -> None:
        tps = {tp.partition: tp for tp in self.active_tps | self.standby_tps}
        parts = await self._parts(tps)
        if not parts:
            return
        for part, _ in parts:
            self._stores.close(part.partition)
        log.info("stores_filling", partitions=[part.partition for part, _ in parts], records=sum(lacking for _, lacking in parts))
        with self.app.consumer.reading():
            await self._fillers.fill(parts)
        for part, _ in parts:
            tp = tps[part.partition]
            self._add(self.tp_to_table[tp], tp, self.active_offsets if tp in self.active_tps else self.standby_offsets)

    async def _parts(self, tps: Mapping[int, TP]) -> list[Lacking]:
        """Return the stores that lack much, and how much. The consumer, asked for the topic's bounds, gives up stores that don't fit."""
        if not tps:
            return []
        consumer = self.app.consumer
        await consumer.earliest_offsets(*tps.values())
        ends = await consumer.highwaters(*tps.values())
        stores = {number: self._stores.store(number) for number in tps}
        parts = {number: Part(number, store.path, ends[tps[number]]) for number, store in stores.items()}
        return self._fillers.due([(part, part.end - stores[number].mark.changelog - 1) for number, part in parts.items()])
