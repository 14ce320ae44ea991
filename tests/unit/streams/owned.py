"""An owner with everything around it, for tests of what it does."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager

from schemas.events import Event, Fields, encode_event
from schemas.words import Source
from streams.domain.poison import PoisonLimits
from streams.domain.records import Record, Step
from streams.domain.rules import Rules
from streams.domain.step import flush, slices
from streams.engine.ports import Batch
from streams.engine.store import Mark
from streams.kit import Fold, Kit
from streams.metrics import Meters
from streams.owner import Owner
from streams.writer import Outlets
from tests.unit.streams.sink import Sink, Store

_OUTLETS = Outlets(changes="changes", cascades="cascades", state="state", dead="dead", dead_partitions=1)


class Real:
    """The fold as it is."""

    slices = staticmethod(slices)
    flush = staticmethod(flush)


class Broken(Real):
    """A fold that fails."""

    @staticmethod
    def slices(*_: object) -> Generator[None, None, Step]:
        """Fail in the second slice."""
        yield
        raise LookupError("no such row")


class World:
    """An owner with everything around it. now: its clock."""

    def __init__(self, sink: Sink, through: int = -1, fold: Fold | None = None) -> None:
        self.now = 1_000_000
        self.sink = sink
        self.asked: list[int] = []
        self.store = Store(Mark(through=through))
        self.gap: dict[bytes, bytes] = {}
        kit = Kit(
            fold or Real,
            Rules(),
            lambda: sink,
            _OUTLETS,
            lambda: self.now,
            self._reposition,
            self._read_gap,
            Meters(),
            4,
            PoisonLimits(consecutive=3),
        )
        self.owner = Owner(0, self.store, kit, cache_rows=100)

    async def _reposition(self, partition: int, offset: int) -> None:
        assert partition == 0
        self.asked.append(offset)

    async def _read_gap(self, partition: int, begin: int, end: int) -> dict[bytes, bytes]:
        assert partition == 0
        self.asked += [begin, end]
        return self.gap


@asynccontextmanager
async def around(*, held: bool = False, through: int = -1, fold: Fold | None = None) -> AsyncIterator[World]:
    """Give an owner that runs."""
    world = World(Sink(held=held), through, fold)
    task = asyncio.create_task(world.owner.run())
    try:
        yield world
    finally:
        task.cancel()
        await asyncio.wait([task])


async def turns(count: int = 50) -> None:
    """Let everything else have its turns."""
    for _ in range(count):
        await asyncio.sleep(0)


def record(offset: int, source: Source = "user") -> Record:
    """Return a change of a task of its own."""
    event = Event(
        id=f"e{offset}",
        entity="task",
        action="update",
        project_id="p",
        entity_id=f"t{offset}",
        occurred_at="2026-02-28T03:55:36.000Z",
        source=source,
        branch_id="b",
        data=Fields(title="x"),
    )
    return Record(offset, 1_772_250_936_000, b"p", encode_event(event))


def batch(begin: int, end: int, token: int = 1, source: Source = "user") -> Batch:
    """Return the changes between two offsets as one batch."""
    return Batch([record(offset, source) for offset in range(begin, end)], token, begin, end)
