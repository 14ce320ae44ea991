"""A file followed live: each state it comes to rest in becomes the events that lead there. Composition root of `anabranch watch`.

Nothing is lost: what was not acknowledged is found again as a difference to the last content that was. Nothing is doubled: ids and
versions follow from file and history, so what is sent again is dropped as old (docs/howto/watch.md).
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from broker.connection import KafkaSettings
from broker.epoch import end_offsets
from connectors import beads, taskmaster
from connectors.app import Order, Reader, Skipped
from connectors.attempts import Attempts
from connectors.board import Board, Change, Reading, diff, whole
from connectors.facts import Moment, Origin, events, project_change, slug
from connectors.history import History, Place, Version, locate
from connectors.live.look import Sight, Timing, looks
from connectors.live.marks import Mark, Marks
from connectors.live.versions import may_be_whole, next_version
from connectors.publish import Publisher
from schemas.messages import Position
from schemas.topics import TASK_CHANGES


class Note(Struct, frozen=True):
    """What a person or a script is told. `events` counts by action; `positions` are ends that Kafka has acknowledged."""

    what: Literal["following", "waiting", "changed", "gone", "trouble"]
    project_id: str
    file: str
    version: str = ""
    events: dict[str, int] = {}
    skipped: list[Skipped] = []
    positions: list[Position] = []
    text: str = ""


Tell = Callable[[Note], None]


class Follower:
    """Follows one file into one project. tell: called after each acknowledged version, and with what cannot be read."""

    def __init__(self, order: Order, data: Path, tell: Tell, timing: Timing | None = None) -> None:
        module = taskmaster if order.connector == "taskmaster" else beads
        self._place: Place = locate(order.path, module.FILES)
        self._order = order
        self._name = order.project or self._place.root.name or order.connector
        self._origin = Origin(module.NAME, slug(self._name), self._place.path, order.source)
        self._reader: Reader = module.Reader(self._origin.project_id)
        self._marks = Marks(data, f"{module.NAME}-{self._origin.project_id}", self._place.file)
        self._tell = tell
        self._timing = timing or Timing()
        self._attempts = Attempts(lambda text: self._note("trouble", text=text))
        self._mark = Mark()
        self._board: Board | None = None

    async def run(self, settings: KafkaSettings) -> None:
        """Follow until cancelled. Raises `Failure` when Kafka cannot be reached at the start, or the file may not be read."""

        async def once() -> None:
            async with Publisher(settings) as publisher:
                await self._follow(publisher, settings)

        await self._attempts.run(once)

    async def _follow(self, publisher: Publisher, settings: KafkaSettings) -> None:
        await self._remember(settings)
        self._attempts.began = True
        self._note("following")
        if self._order.history and self._board is None:
            await self._replay(publisher)
        async for sight in looks(self._place.file, self._complete, self._timing):
            await self._take(publisher, sight)

    async def _remember(self, settings: KafkaSettings) -> None:
        """Take up the marks of the last run, unless the log that they speak of is gone."""
        self._mark = self._marks.mark()
        content = self._marks.content()
        ends = await end_offsets(settings, TASK_CHANGES)
        if any(ends.get(partition, 0) < end for partition, end in self._mark.ends.items()):
            self._marks.forget()
            self._mark, content = Mark(), None
        self._board = None if content is None else (await self._read(content)).board

    async def _replay(self, publisher: Publisher) -> None:
        """Send every version of the history. If it does not come to the end it starts anew: its events are the same then."""
        counts: Counter[str] = Counter()
        skipped: list[Skipped] = []
        last: Version | None = None
        for version in History(self._place):
            reading = await self._read(version.content)
            changes = self._changes(reading)
            await publisher.send(events(self._origin, _moment(version), changes))
            self._board = reading.board if changes else self._board
            counts.update(change.kind for change in changes)
            skipped += _skipped(version, reading)
            last = version
        await publisher.flush()
        if last is not None:
            await self._keep(publisher, last)
            self._note("changed", version=last.name, events=counts, skipped=skipped, positions=publisher.positions)

    async def _take(self, publisher: Publisher, sight: Sight) -> None:
        if sight.content is None and self._board is None:
            self._note("waiting")
            return
        reading = await self._read(sight.content or b"")
        found = await asyncio.to_thread(next_version, self._place, sight.content, sight.changed_ms, self._mark.number)
        if sight.content is None:
            self._note("gone", version=found.name)
        await self._send(publisher, found, reading)

    async def _send(self, publisher: Publisher, version: Version, reading: Reading) -> None:
        changes, skipped = self._changes(reading), _skipped(version, reading)
        if changes:
            self._mark = Mark(version.number, self._mark.ends)
            self._marks.keep(self._mark)
            await publisher.send(events(self._origin, _moment(version), changes))
            await publisher.flush()
            self._board = reading.board
            await self._keep(publisher, version)
        if changes or skipped:
            counts = Counter(change.kind for change in changes)
            self._note("changed", version=version.name, events=counts, skipped=skipped, positions=publisher.positions)

    async def _keep(self, publisher: Publisher, version: Version) -> None:
        self._attempts.went_well()
        self._mark = Mark(version.number, self._mark.ends | {one.partition: one.offset for one in publisher.positions})
        await asyncio.to_thread(self._marks.keep, self._mark, version.content)

    def _changes(self, reading: Reading) -> list[Change]:
        if self._board is not None:
            return diff(self._board, reading.board)
        if reading.problems and not (reading.board.tasks or reading.board.gone):
            return []
        differ = diff(Board(), reading.board) if self._order.history else whole(reading.board)
        return [project_change(self._origin.project_id, self._name), *differ]

    async def _read(self, content: bytes) -> Reading:
        return await asyncio.to_thread(self._reader.read, content)

    def _complete(self, content: bytes, before: bytes) -> bool:
        return may_be_whole(self._order.connector, content, before)

    def _note(self, what: Literal["following", "waiting", "changed", "gone", "trouble"], **more: object) -> None:
        made = {"what": what, "project_id": self._origin.project_id, "file": str(self._place.file), **more}
        self._tell(msgspec.convert(made, Note))


def _moment(version: Version) -> Moment:
    return Moment(version.name, version.number, version.time_ms, version.author)


def _skipped(version: Version, reading: Reading) -> list[Skipped]:
    return [Skipped(version.name, bad.line, bad.reason, bad.text) for bad in reading.problems]
