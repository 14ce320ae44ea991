"""A database read once, or followed live. Composition root of `anabranch import postgres` and `anabranch watch postgres`.

At least once, and in the end exactly once: a confirmed place in the server's log is one whose events Kafka has acknowledged and whose
rows the memory has on disk; what is sent again has the ids and numbers it had before (docs/decisions/0009-logical-replication.md).
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct
from psycopg2.extensions import connection

from broker.connection import KafkaSettings
from broker.epoch import end_offsets
from connectors.attempts import Attempts
from connectors.postgres import database
from connectors.postgres.before import Rows, rows_before, rows_if_allowed
from connectors.postgres.known import Memory
from connectors.postgres.lost import lost, strangers
from connectors.postgres.mapping import Mapping
from connectors.postgres.outlet import Outlet, ends_of
from connectors.postgres.stream import Stream
from connectors.postgres.translate import Translator
from connectors.postgres.trouble import Address, reaching
from connectors.publish import Publisher
from schemas.failure import UsageFailure
from schemas.messages import Position
from schemas.topics import TASK_CHANGES

_MIB: Final = 1024 * 1024
_LOOK_S: Final = 10.0
_MS: Final = 1000


class Note(Struct, frozen=True):
    """What a person or a script is told. `events` counts by kind; `lsn` is the place in the server's log; `positions` are Kafka's ends."""

    what: Literal["snapshot", "following", "changed", "lag", "trouble", "imported"]
    events: dict[str, int] = {}
    lsn: str = ""
    positions: list[Position] = []
    text: str = ""


Tell = Callable[[Note], None]


class Plan(Struct, frozen=True):
    """How a database is followed. slot: also the publication's name and that of the memory. restart: read everything anew."""

    address: Address
    mapping: Mapping
    slot: str = "anabranch"
    restart: bool = False
    warn_lag_mib: int = 512


class Importer:
    """Reads all rows as of one moment, and sends them.

    careful: where none of the projects of before is in the snapshot, they may be another database's: nothing is deleted, and
    `strangers` is their number.
    """

    strangers = 0

    def __init__(self, address: Address, mapping: Mapping, memory: Memory, *, careful: bool = False) -> None:
        self._careful = careful
        self._address = address
        self._mapping = mapping
        self._memory = memory
        self.translator = Translator(mapping, memory)
        self.outlet = Outlet(mapping, "postgres", memory)

    async def send(self, publisher: Publisher, snapshot: str | None, lsn: int, before: Rows = ()) -> None:
        """Send every row; what the memory knows and the snapshot has not is deleted. The memory is committed before events leave.

        before: rows of `task-state`; what came from here and is not in the snapshot is deleted, too.
        """
        self.translator.afresh = True
        self.outlet.open_snapshot(lsn)
        try:
            with closing(await asyncio.to_thread(database.connect, self._address)) as link:
                chunks = database.rows(link, self._mapping, snapshot, int(time.time() * _MS))
                while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
                    for change, changed_ms in chunk:
                        self.outlet.take(self.translator.take(change), lsn, changed_ms)
                    await self._hand_over(publisher)
            self.outlet.take(self.translator.sweep(), lsn, int(time.time() * _MS))
            self.strangers = strangers(before, self._mapping.origin, self._memory) if self._careful else 0
            if not self.strangers:
                self.outlet.take(lost(before, self._mapping.origin, self._memory), lsn, int(time.time() * _MS))
            self.translator.rest()
            await self._hand_over(publisher)
            await publisher.flush()
            self.outlet.note(publisher.positions)
        finally:
            self.translator.afresh = False
            self.outlet.close_snapshot()

    async def _hand_over(self, publisher: Publisher) -> None:
        self.outlet.note(())
        self._memory.commit()
        await self.outlet.hand_over(publisher)


async def run_import(address: Address, mapping: Mapping, settings: KafkaSettings) -> Note:
    """Send all rows as they are now, and deletes of what came from here before and is gone. Importing again changes nothing.

    `task-state` is read before the tables: a row that comes to both meanwhile is not missing from them. The place in the server's log
    is older still than the tables are, so whatever a follower says of a row that it saw later holds.
    """
    before, said = await rows_if_allowed(settings)
    with closing(Memory(None)) as memory, reaching(address):
        with closing(await asyncio.to_thread(database.connect, address)) as link:
            database.check(link, mapping, live=False)
            lsn = database.log_end(link)
        importer = Importer(address, mapping, memory, careful=True)
        async with Publisher(settings) as publisher:
            await importer.send(publisher, None, lsn, before)
        if importer.strangers:
            said = (
                f"{importer.strangers:,} projects came under the origin {mapping.origin}, and none of them is in this database: they were "
                "left alone. A second database needs an `origin` of its own (--mapping)."
            )
        return Note("imported", importer.outlet.reset(), f"{lsn:X}", publisher.positions, said)


class Follower:
    """Follows a database into Kafka. tell: called with what a person should know."""

    def __init__(self, plan: Plan, data: Path, tell: Tell) -> None:
        self._plan = plan
        self._path = data / "postgres" / f"{plan.slot}.sqlite"
        self._restart = plan.restart
        self._tell = tell
        self._attempts = Attempts(lambda text: tell(Note("trouble", text=text)))
        self._warned_bytes = 0
        self._before: Rows = ()

    async def run(self, settings: KafkaSettings) -> None:
        """Follow until cancelled. Raises `Failure` for what is wrong at the start; later trouble is told and waited out."""
        with closing(Memory(self._path)) as memory:
            await self._attempts.run(lambda: self._once(memory, settings))

    async def _once(self, memory: Memory, settings: KafkaSettings) -> None:
        memory.rollback()
        with reaching(self._plan.address), ExitStack() as stack:
            link = stack.enter_context(closing(await asyncio.to_thread(database.connect, self._plan.address)))
            replication = stack.enter_context(closing(await asyncio.to_thread(self._replication)))
            await self._prepare(link, replication, memory, settings)
            async with Publisher(settings) as publisher:
                if memory.note("phase") != "following":
                    await self._snapshot(replication, memory, publisher)
                    replication.close()
                    replication = stack.enter_context(closing(await asyncio.to_thread(self._replication)))
                await self._stream(link, replication, memory, publisher)

    async def _prepare(self, link: connection, replication: connection, memory: Memory, settings: KafkaSettings) -> None:
        """See that everything fits: tables, slot and memory, memory and database, memory and Kafka's log."""
        database.check(link, self._plan.mapping, live=True)
        database.publish(link, self._plan.mapping, self._plan.slot)
        self._check_identity(replication, memory)
        slot = database.slot(link, self._plan.slot)
        ends = await end_offsets(settings, TASK_CHANGES)
        if any(ends.get(partition, 0) < end for partition, end in ends_of(memory).items()):
            memory.forget()
            self._restart = True
        if memory.note("phase") is None and slot is not None and not self._restart:
            raise UsageFailure(
                f"The slot {self._plan.slot} exists, but {self._path} knows nothing of it: bring that file back, name another --slot, "
                "or read everything anew with --restart."
            )
        self._attempts.began = True
        if self._restart and memory.note("phase") is None:
            self._before = await rows_before(settings)
        if self._restart or slot is None or slot.lost or memory.note("phase") != "following":
            database.drop_slot(link, self._plan.slot)
            memory.write(phase="snapshot", generation=memory.number("generation") + 1)
            self._restart = False
        if database.keeps_all(link):
            self._say("lag", "The database's max_slot_wal_keep_size is not set: while nobody follows, its log grows without a bound.")
        memory.generation = memory.number("generation")

    def _check_identity(self, replication: connection, memory: Memory) -> None:
        cursor: Any = replication.cursor()
        cursor.execute("IDENTIFY_SYSTEM")
        system, _, _, name = cursor.fetchone()
        if memory.note("database") not in {None, f"{system}/{name}"}:
            raise UsageFailure(f"{self._path} belongs to another database: name another --slot, or delete the file.")
        memory.write(database=f"{system}/{name}")
        memory.commit()

    async def _snapshot(self, replication: connection, memory: Memory, publisher: Publisher) -> None:
        """Make the slot and read the tables as of its very beginning: what commits later is in the stream, and nothing is in both."""
        memory.commit()
        cursor: Any = replication.cursor()
        slot = self._plan.slot
        await asyncio.to_thread(cursor.execute, f'CREATE_REPLICATION_SLOT "{slot}" LOGICAL pgoutput EXPORT_SNAPSHOT')
        _, place, snapshot, _ = cursor.fetchone()
        high, _, low = str(place).partition("/")
        lsn = (int(high, 16) << 32) + int(low, 16)
        importer = Importer(self._plan.address, self._plan.mapping, memory)
        await importer.send(publisher, snapshot, lsn, self._before)
        self._before = ()
        memory.write(phase="following", lsn=lsn)
        memory.commit()
        self._attempts.went_well()
        self._tell(Note("snapshot", importer.outlet.reset(), f"{lsn:X}", publisher.positions))

    async def _stream(self, link: connection, replication: connection, memory: Memory, publisher: Publisher) -> None:
        translator, outlet = Translator(self._plan.mapping, memory), Outlet(self._plan.mapping, "postgres", memory)
        stream = Stream(replication, translator, outlet, memory)
        stream.start(self._plan.slot, self._plan.slot)
        self._say("following", f"Following the database {self._plan.address} by its slot {self._plan.slot}. Ctrl-C ends it.")
        looked = 0.0
        while True:
            if await stream.read(publisher):
                self._attempts.went_well()
                if counts := outlet.reset():
                    self._tell(Note("changed", counts, f"{memory.number('lsn'):X}", publisher.positions))
            if time.monotonic() - looked >= _LOOK_S:
                looked = time.monotonic()
                self._look(link)

    def _look(self, link: connection) -> None:
        """Warn of a log that the server keeps for us: once, and again whenever it has doubled."""
        slot = database.slot(link, self._plan.slot)
        lag = 0 if slot is None else slot.lag_bytes
        if lag >= max(self._plan.warn_lag_mib * _MIB, 2 * self._warned_bytes):
            self._warned_bytes = lag
            self._say(
                "lag",
                f"The database keeps {lag // _MIB:,} MiB of its log for the slot {self._plan.slot}: Kafka or this machine is too slow.",
            )
        elif lag < self._plan.warn_lag_mib * _MIB:
            self._warned_bytes = 0

    def _replication(self) -> connection:
        return database.connect(self._plan.address, replication=True)

    def _say(self, what: Literal["following", "lag"], text: str) -> None:
        self._tell(Note(what, text=text))
