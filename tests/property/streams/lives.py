"""The real owner of a partition, without Kafka: lives one after the other, each ended by a crash but the last."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.domain.records import Record
from streams.domain.rules import Rules
from streams.domain.step import flush, slices
from streams.engine.ports import Batch, Place
from streams.engine.position import start_of
from streams.engine.restore import Restorer
from streams.kit import Fold, Kit
from streams.metrics import Meters
from streams.owner import Owner
from streams.writer import Outlets
from tests.property.streams.ether import CASCADES, DEAD, STATE, Disk, Line, Log, pieces
from tests.property.streams.virtual import now_ms, run
from tests.property.streams.world import NUMBER

_OUTLETS = Outlets(changes="changes", cascades=CASCADES, state=STATE, dead=DEAD, dead_partitions=NUMBER + 1)
_PATIENCE_S = 120.0
_QUIET_S = 5.0


class Real:
    """The fold as it is."""

    slices = staticmethod(slices)
    flush = staticmethod(flush)


@dataclass(frozen=True)
class Parts:
    """What a life is made of; broken variants put a part of their own in one place."""

    owner: type[Owner] = Owner
    fold: Fold = field(default_factory=Real)
    restorer: Callable[..., Restorer] = Restorer
    start_of: Callable[[int | None, int, int], int] = start_of


@dataclass(frozen=True)
class Life:
    """One worker's time as the owner. batches, pauses_ms: sizes and pauses of the input; waits_ms, slow, room: see `Line`.

    worker: whose disk. commit_ms: how often it commits. crash_ms: when it dies; lingers_ms: how long it goes on beside the next owner
    before that, with what it has taken in: it was cut off from the group and does not know. kept: see `Disk.after_crash`. late: how many
    batches of each topic still land, `late_ms` into the next life. lost: number of the batch that is lost between Faust and the owner.
    """

    worker: int = 0
    batches: tuple[int, ...] = (1000,)
    pauses_ms: tuple[int, ...] = (0,)
    waits_ms: tuple[int, ...] = (0,)
    slow: str = ""
    room: int = 3
    commit_ms: int = 50
    crash_ms: int = 0
    lingers_ms: int = 0
    kept: float = 1.0
    late: int = 0
    late_ms: int = 0
    lost: int = -1


class Partition:
    """The world of one partition over all lives. disk: of the worker that lives now."""

    def __init__(self, changes: Sequence[Record], parts: Parts, rules: Rules) -> None:
        self.log = Log(changes)
        self.disk = Disk()
        self._disks = {0: self.disk}
        self._lingering: dict[int, asyncio.Task[None]] = {}
        self._parts = parts
        self._rules = rules
        self._rest: asyncio.Queue[Place] = asyncio.Queue()
        self._landed = asyncio.Event()
        self._token = 0
        self._dead: tuple[Line, Life] | None = None

    async def live(self, life: Life) -> None:
        """Restore, take in the input from where it was committed, and die, or end in peace."""
        await self._restore(life.worker)
        line = Line(self.log, life.waits_ms, life.slow, life.room)
        owner = self._parts.owner(NUMBER, self.disk, self._kit(line), 4)
        working = asyncio.create_task(owner.run())
        beside = [asyncio.create_task(one) for one in (self._feed(owner, life), self._commit(owner, life.commit_ms), self._late())]
        await self._reposition(NUMBER, self._parts.start_of(self.log.committed, self.disk.mark.through, 0))
        ending = asyncio.create_task(asyncio.sleep(life.crash_ms / 1000) if life.crash_ms else self._done(owner))
        try:
            await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
        finally:
            await _end(ending, *beside)
            self._dead = (line, life)
            self._lingering[life.worker] = asyncio.create_task(self._linger(working, line, life))
            if not life.lingers_ms:
                await self._lingering[life.worker]

    async def _linger(self, working: "asyncio.Task[None]", line: Line, life: Life) -> None:
        """Let an owner that is none any more go on for a while, and die."""
        await asyncio.sleep(life.lingers_ms / 1000)
        line.cut = True
        await _end(working)
        if life.crash_ms:
            self._disks[life.worker] = self._disks[life.worker].after_crash(life.kept)

    async def _done(self, owner: Owner) -> None:
        """Wait until all is durable and published, and quiet."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while owner.watermark != self.log.end:  # noqa: ASYNC110  in virtual time
                    await asyncio.sleep(0.1)
        await asyncio.sleep(_QUIET_S)

    async def _restore(self, worker: int) -> None:
        if worker in self._lingering:
            await self._lingering.pop(worker)
        self.disk = self._disks.setdefault(worker, Disk())
        restorer = self._parts.restorer(NUMBER, self.disk.mark, self.disk.get)
        for piece in pieces(self.log.changelog(self.disk.mark.changelog + 1), (3, 1, 7)):
            self.disk.apply(restorer.feed(piece, now_ms()))
        self.disk.read_end = len(self.log.topics[STATE])

    def _kit(self, line: Line) -> Kit:
        return Kit(
            fold=self._parts.fold,
            rules=self._rules,
            sink=lambda: line,
            outlets=_OUTLETS,
            clock=now_ms,
            reposition=self._reposition,
            read_gap=self.log.read_gap,
            meters=Meters(),
            step_events=8,
        )

    async def _reposition(self, _partition: int, offset: int) -> None:
        self._token += 1
        self._rest.put_nowait(Place(offset, self._token))

    async def _feed(self, owner: Owner, life: Life) -> None:
        """Hand over the input from each place that was asked for."""
        lost = life.lost
        while True:
            place = await self._rest.get()
            await owner.open(place)
            begin = place.offset
            for number, records in enumerate(pieces([one for one in self.log.changes if one.offset >= begin], life.batches)):
                end = records[-1].offset + 1
                if end == self.log.end:
                    await self._landed.wait()  # a gap is seen at the next write behind it
                if number != lost:
                    await owner.submit(Batch(records, place.token, begin, end))
                if not self._rest.empty():
                    break
                begin = end
                await asyncio.sleep(life.pauses_ms[number % len(life.pauses_ms)] / 1000)
            lost = -1

    async def _commit(self, owner: Owner, every_ms: int) -> None:
        while True:
            await asyncio.sleep(every_ms / 1000)
            if owner.watermark is not None:
                self.log.committed = owner.watermark

    async def _late(self) -> None:
        """Let records of the former owner arrive while this one works."""
        self._landed.clear()
        if self._dead is not None:
            line, life = self._dead
            if self._lingering:
                await asyncio.wait(self._lingering.values())
            await asyncio.sleep(life.late_ms / 1000)
            line.late(life.late)
        self._landed.set()


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def play(changes: Sequence[Record], lives: Sequence[Life], parts: Parts | None = None, rules: Rules | None = None) -> Partition:
    """Let the lives pass, the last one to its end, and return what they left."""
    partition = Partition(changes, parts or Parts(), rules or Rules())

    async def all_of_them() -> None:
        for life in lives:
            await partition.live(life)

    run(all_of_them())
    return partition
