"""All that a worker holds for one partition in one generation of the group (architecture 5.2)."""

import asyncio
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from streams.cache import RowCache
from streams.domain.node import decode_node
from streams.domain.poison import PoisonWatch
from streams.domain.records import Partition, Record, Step
from streams.domain.sole_writer import Gap, mended, reach
from streams.domain.watermark import Watermark
from streams.domain.windows import Windows
from streams.engine.ports import Batch, Place
from streams.engine.position import Fit, fit
from streams.engine.store import Mark, Write
from streams.kit import Kit, Shelf
from streams.mending import Left, Mender
from streams.publication import Publication
from streams.weight import Weight
from streams.writer import Acknowledged, Writer

log = structlog.get_logger("streams.owner")
_CLOSED: Final = -1


class PoisonedError(Exception):
    """More poison than a worker bears."""


@dataclass
class Underway:
    """A step in the making: its slices, its records, its ticket at the watermark, and how long it has computed."""

    slices: Generator[None, None, Step]
    records: Sequence[Record]
    ticket: int
    seconds: float = 0.0


class Owner:
    """Takes batches, folds them, has the results written, and knows what may be committed.

    `run` does the work until it is cancelled; after that nothing of it has any effect. expected: next offset to take in.
    taken: end of the last event that was taken in. in_flight, weight: events and bytes that are not durable yet.
    watermark: end of what is durable and published, None before anything is.
    """

    def __init__(self, number: int, store: Shelf, kit: Kit, cache_rows: int) -> None:
        self.number = number
        self.expected = 0
        self.taken = 0
        self.in_flight = 0
        self.weight = Weight()
        self.watermark: int | None = None
        self._store = store
        self._kit = kit
        self._cache = RowCache(store, decode_node, cache_rows)
        self._stands = Partition(number, store.mark.through, store.mark.time_ms)
        self._windows = Windows()
        self._writer = Writer(number, kit.sink(), kit.outlets, self._durable, kit.clock)
        self._mender = Mender(number, store.mark.changelog + 1, kit.read_gap, self._rewrite)
        self._queue: deque[Sequence[Record]] = deque()
        self._wake = asyncio.Event()
        self._token = _CLOSED
        self._early: list[Batch] = []
        self._sealed = False
        self._idle = False
        self._failure: Exception | None = None
        self._poison = PoisonWatch(kit.poison, store.mark.poison)
        self._steps = 0
        self._underway: Underway | None = None
        self._marks = Watermark(0)

    @property
    def through(self) -> int:
        """End of the events that the stored rows include; -1 for none."""
        return self._store.mark.through

    @property
    def open_windows(self) -> int:
        """Projects whose agents' changes are being collected."""
        return len(self._windows.by_project)

    async def open(self, place: Place) -> None:
        """Take batches from this place on; those that were drained from there before this call have waited for it."""
        self.expected, self._token = place
        self.taken = max(self.taken, place.offset)
        if not self._steps:
            self._marks = Watermark(place.offset)
            self.watermark = place.offset
            read_end = max(self._store.read_end, self._store.mark.changelog + 1)
            self._mender.acknowledged([(read_end, 0)])  # what a former owner did not live to mend
        early, self._early = self._early, []
        for batch in early:
            await self.submit(batch)

    async def submit(self, batch: Batch) -> None:
        """Take in a batch that continues what was taken; have the partition read again at a gap."""
        if self._sealed or batch.token < self._token:
            return
        if batch.token > self._token:
            self._early.append(batch)
            return
        how = fit(self.expected, batch.begin, batch.end)
        if how is Fit.GAP:
            await self._read_again(batch.begin)
        elif how is not Fit.OLD:
            records = batch.records if how is Fit.NEXT else [record for record in batch.records if record.offset >= self.expected]
            self._enqueue(records)
            self.expected = batch.end
            self.taken = records[-1].offset + 1
            self._fold_if_idle()

    async def _read_again(self, begin: int) -> None:
        """Have the partition read again from where this owner stands: a batch was lost on the way (Faust issue 596)."""
        log.warning("batch_missing", partition=self.number, expected=self.expected, begin=begin)
        self._token = _CLOSED
        await self._kit.reposition(self.number, self.expected)

    def _enqueue(self, records: Sequence[Record]) -> None:
        size = self._kit.step_events
        self._queue.extend(records[at : at + size] for at in range(0, len(records), size))
        self.in_flight += len(records)
        self.weight.took(records)
        self._wake.set()

    def _fold_if_idle(self) -> None:
        """Fold a lone batch here and now: waking the folding task first costs a change an eighth of its way to the cascade."""
        is_free = self._idle and self._underway is None
        if is_free and len(self._queue) == 1:
            try:
                self._begin(self._next_records())
                self._go_on()
            except Exception as error:  # noqa: BLE001  the caller is Faust's agent, which would swallow it; the folding task raises it
                self._failure = error
            if self._underway is not None or self._failure is not None:
                self._wake.set()

    async def run(self) -> None:
        """Fold and write until cancelled. Raises what cannot be mended by going on."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writer.run())
            group.create_task(self._mender.run())
            group.create_task(self._fold_all())

    async def _fold_all(self) -> None:
        while not self._sealed or self._underway is not None:
            due = self._windows.next_close_ms()
            if self._underway is not None:
                self._go_on()
            elif due is not None and due <= self._kit.clock():
                self._flush(self._kit.clock())
            elif self._queue:
                self._begin(self._next_records())
                self._go_on()
            else:
                await self._sleep(due)
            await asyncio.sleep(0)
            if self._failure is not None:
                raise self._failure

    def _next_records(self) -> Sequence[Record]:
        records = self._queue.popleft()
        while self._queue and len(records) + len(self._queue[0]) <= self._kit.step_events:
            records = [*records, *self._queue.popleft()]
        return records

    async def _sleep(self, due: int | None) -> None:
        self._wake.clear()
        loop = asyncio.get_running_loop()
        timer = None if due is None else loop.call_later(max(0, due - self._kit.clock()) / 1000, self._wake.set)
        self._idle = True
        await self._wake.wait()
        self._idle = False
        if timer is not None:
            timer.cancel()

    def _begin(self, records: Sequence[Record]) -> None:
        """Begin a step. Its ticket is taken now: nothing that it publishes may count as told before the whole of it is."""
        kit = self._kit
        oldest = self._windows.oldest_offset()
        covers = records[0].offset if oldest is None else min(oldest, records[0].offset)
        ticket = self._marks.sent(covers, records[-1].offset + 1)
        slices = kit.fold.slices(self._cache, self._stands, records, self._windows, kit.clock(), kit.rules)
        self._underway = Underway(slices, records, ticket)

    def _go_on(self) -> None:
        """Do the next slice of the step under way; at its end, have it sent."""
        now = self._underway
        if now is None:
            return
        started = time.perf_counter()
        try:
            next(now.slices)
        except StopIteration as end:
            self._underway = None
            self._kit.meters.step_took(now.seconds + time.perf_counter() - started)
            self._send(end.value, now)
        else:
            now.seconds += time.perf_counter() - started

    def _send(self, step: Step, begun: "Underway") -> None:
        kit = self._kit
        broken = self._poison.note(begun.records, step.dead, self._stands.through)
        if broken is not None:
            raise PoisonedError(f"Partition {self.number}: {broken}.")
        self._steps += 1
        self._stands = Partition(self.number, step.through, step.time_ms)
        self._cache.pin(self._steps, step.rows, step.hints)
        kit.meters.stepped(step)
        kit.meters.merged(self._windows.take_merging())
        self._writer.put(
            Publication(
                step=self._steps,
                rows=step.rows,
                ticket=begun.ticket,
                cascades=step.cascades,
                state=step.state,
                dead=step.dead,
                events=len(begun.records),
                through=step.through,
                time_ms=step.time_ms,
                hints=step.hints,
                poison=self._poison.count,
            )
        )

    def _flush(self, now_ms: int) -> None:
        kit = self._kit
        covers = self._windows.oldest_offset()
        cascades = kit.fold.flush(self._cache, self._stands, self._windows, now_ms, kit.rules)
        if covers is not None and cascades:
            kit.meters.flushed(cascades)
            kit.meters.merged(self._windows.take_merging())
            self._writer.put(Publication(step=self._steps, ticket=self._marks.sent(covers), cascades=cascades))

    def _durable(self, acknowledged: Acknowledged) -> None:
        done = acknowledged.publication
        if done.state:
            self._mender.acknowledged(acknowledged.places)
            if done.mends is not None:
                self._mender.closed(done.mends)
            rows = {out.key: out.value for out in done.state[:-1] if out.value is not None}  # the last is the offset row: it is the mark
            mark = Mark(
                changelog=self._mender.known(acknowledged.state_last, done.through),
                through=done.through,
                time_ms=done.time_ms,
                written_ms=self._kit.clock(),
                epoch=self._store.mark.epoch,
                poison=done.poison or self._store.mark.poison,
            )
            self._store.apply(Write(mark, rows, done.hints))
            self._cache.release(done.step, rows, done.hints)
        self.in_flight -= done.events
        self.weight.durable(done.through)
        self._marks.acked(done.ticket)
        self.watermark = self._marks.committable(self._windows.oldest_offset())

    def _rewrite(self, gap: Gap, found: Mapping[bytes, bytes]) -> Left:
        """Send our rows again where a former owner wrote over them; behind all that was sent, so nothing of ours comes after."""
        state = mended(found, self._cache, self._stands)
        if state:
            log.warning("foreign_rows", partition=self.number, begin=gap.begin, end=gap.end, rewritten=len(state) - 1)
            self._kit.meters.rewritten.inc(len(state))
            ticket = self._marks.sent(self.watermark or 0)
            stands = self._stands
            self._writer.put(
                Publication(step=self._steps, ticket=ticket, state=state, through=stands.through, time_ms=stands.time_ms, mends=gap)
            )
        return Left(bool(state), reach(found))

    async def settle(self) -> None:
        """Take nothing more, close the windows now, and wait until everything is acknowledged."""
        self._sealed = True
        self._queue.clear()
        self._wake.set()
        while self._underway is not None and self._failure is None:  # noqa: ASYNC110  the folding task goes on at each turn
            await asyncio.sleep(0)
        while (due := self._windows.next_close_ms()) is not None:
            self._flush(max(due, self._kit.clock()))
        await self._writer.drained()
        await self._mender.caught_up()
        await self._writer.drained()
