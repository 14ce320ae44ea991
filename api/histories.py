"""Burn-downs, read from the log once and carried on from there: a project's history only grows."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from api.past import FEW, TURN, TURN_ASIDE, Log, Past, turns
from broker.burndown import BurnDowns, Packed
from broker.partitioner import partition_for
from broker.records import Begin


class Asked(NamedTuple):
    """What is wanted: a project's burn-downs from this span of its partition's log. Can be handed to another process."""

    log: Log
    begin: Begin
    project_id: str
    partition: int
    first: int
    end: int


class History:
    """One project's burn-downs. first: where they begin in the log. through: end of what is in them."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.downs: BurnDowns | None = None
        self.first = 0
        self.through = 0


class Histories:
    """The histories of the projects that were asked for last."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._known: OrderedDict[str, History] = OrderedDict()

    async def of(self, project_id: str) -> tuple[BurnDowns, bool]:
        """Return a project's burn-downs as of now, and whether the log is there from its start. Raises `Refusal`."""
        history = self._known.setdefault(project_id, History())
        self._known.move_to_end(project_id)
        while len(self._known) > self._past.settings.histories:
            self._known.popitem(last=False)
        async with history.lock, self._past.reading() as begin:
            spans = await self._past.log.spans([project_id])
            partition = partition_for(project_id, spans.partitions)
            asked = Asked(self._past.log, begin, project_id, partition, *spans.ends[partition])
            downs = await self._go_on(history, asked)
            return downs, history.first == 0

    async def _go_on(self, history: History, asked: Asked) -> BurnDowns:
        """Take in what came since. Much of it is read with all before it, aside, unless some of that is gone from the log by now."""
        begun = asked.first if history.downs is None else history.through
        if asked.end - begun > FEW and (history.downs is None or history.first == asked.first):
            downs = await self._aside(asked)
            history.first = asked.first
        else:
            if history.downs is None:
                history.first = history.through = asked.first
            downs = history.downs or BurnDowns(asked.begin(asked.partition, asked.first, {}))
            history.downs = None  # what is cut off begins anew: half a batch may be in it
            await _take(downs, asked._replace(first=history.through), TURN)
        history.through, history.downs = max(history.through, asked.end), downs
        return downs

    async def _aside(self, asked: Asked) -> BurnDowns:
        packed = await self._past.aside(_read_aside, asked, asked.end - asked.first)
        downs = BurnDowns(asked.begin(asked.partition, asked.end, {}))
        for _ in downs.unpack(packed):
            await asyncio.sleep(0)
        return downs


def _read_aside(asked: Asked) -> Packed:
    return asyncio.run(read(asked)).packed()


async def read(asked: Asked) -> BurnDowns:
    """Return a project's burn-downs, from the beginning."""
    downs = BurnDowns(asked.begin(asked.partition, asked.first, {}))
    await _take(downs, asked, TURN_ASIDE)
    return downs


async def _take(downs: BurnDowns, asked: Asked, size: int) -> None:
    key = asked.project_id.encode()
    if asked.first >= asked.end:
        return
    async for _, records in asked.log.records({asked.partition: (asked.first, asked.end)}):
        for turn in turns([record for record in records if record.key == key], size):
            downs.take(turn)
            await asyncio.sleep(0)
