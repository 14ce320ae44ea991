"""Burn-downs, read from the log once and carried on from there: a project's history only grows."""

import asyncio
from collections import OrderedDict

from api.past import TURN, Past, turns
from broker.burndown import BurnDowns
from broker.partitioner import partition_for


class History:
    """One project's burn-downs. through: end of what is in them. whole: whether they begin with the log."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.downs: BurnDowns | None = None
        self.through = 0
        self.whole = True


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
            first, end = spans.ends[partition]
            if history.downs is None:
                history.through, history.whole = first, first == 0
                history.downs = BurnDowns(begin(partition, first, {}))
            await self._go_on(history, project_id.encode(), partition, end)
            return history.downs, history.whole

    async def _go_on(self, history: History, key: bytes, partition: int, end: int) -> None:
        """Take in what came since. One that was cut off begins anew: half a batch may be in it."""
        downs, history.downs = history.downs, None
        if downs is None:
            return
        if history.through < end:
            async for _, records in self._past.log.records({partition: (history.through, end)}):
                for turn in turns([record for record in records if record.key == key], TURN):
                    downs.take(turn)
                    await asyncio.sleep(0)
        history.through, history.downs = max(history.through, end), downs
