"""The replication stream: transactions as they commit, confirmed to the server when Kafka has them and the memory knows it."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from psycopg2.extensions import connection

from connectors.postgres.known import Memory
from connectors.postgres.outlet import Outlet
from connectors.postgres.pgoutput import Begin, Commit, Decoder, Emitted, RowChange, Truncate
from connectors.postgres.translate import Translator
from connectors.publish import Publisher
from connectors.tracing import is_traceparent
from schemas.topics import TRACEPARENT

_STATUS_S: Final = 5.0
_WITH_MESSAGES: Final = 140_000
"""PostgreSQL 14 and newer pass on what a transaction says beside its rows."""


class Stream:
    """Reads one slot on one connection. After any error it is of no more use: the memory is rolled back, and another one begins."""

    def __init__(self, link: connection, translator: Translator, outlet: Outlet, memory: Memory) -> None:
        self._link = link
        self._cursor: Any = link.cursor()
        self._translator = translator
        self._outlet = outlet
        self._memory = memory
        self._decoder = Decoder()
        self._done = memory.number("lsn")
        self._begun: Begin | None = None
        self._trace: str | None = None
        self._dirty = False
        self.transactions = 0

    def start(self, slot: str, publication: str) -> None:
        """Ask for everything after the place that the memory has. Raises `psycopg2.Error`."""
        options = {"proto_version": "1", "publication_names": publication}
        if self._link.server_version >= _WITH_MESSAGES:
            options["messages"] = "true"
        self._cursor.start_replication(slot_name=slot, decode=False, start_lsn=self._done, options=options, status_interval=_STATUS_S)

    async def read(self, publisher: Publisher) -> bool:
        """Take what has come; wait for more when there is nothing. Returns whether something was made durable."""
        message = self._cursor.read_message()
        if message is None:
            if self._dirty and self._begun is None:
                await self.settle(publisher)
                return True
            await self._readable()
            return False
        self._take(self._decoder.decode(message.payload))
        if self._outlet.full:
            await self._outlet.hand_over(publisher)
            if self._begun is None:
                await self.settle(publisher)
                return True
        return False

    async def settle(self, publisher: Publisher) -> None:
        """Wait for Kafka, then remember, then confirm: whatever ends us in between, the server sends it again."""
        await self._outlet.hand_over(publisher)
        sent = asyncio.ensure_future(publisher.flush())
        try:
            while not sent.done():
                await asyncio.wait({sent}, timeout=_STATUS_S)
                self._cursor.send_feedback(force=True)
            sent.result()
        finally:
            sent.cancel()
        self._outlet.note(publisher.positions)
        self._memory.write(lsn=self._done)
        self._memory.commit()
        self._cursor.send_feedback(write_lsn=self._done, flush_lsn=self._done, apply_lsn=self._done, force=True)
        self._dirty = False

    def _take(self, message: object) -> None:
        begun = self._begun
        match message:
            case Begin():
                self._begun, self._trace = message, None
            case Emitted() if message.prefix == TRACEPARENT:
                said = message.content.decode(errors="replace")
                self._trace = said if is_traceparent(said) else None
            case RowChange() if begun is not None and begun.commit_lsn >= self._done:
                self._outlet.take(self._translator.take(message), begun.commit_lsn, begun.time_ms, self._trace)
            case Truncate() if begun is not None and begun.commit_lsn >= self._done:
                self._outlet.take(self._translator.empty(message), begun.commit_lsn, begun.time_ms, self._trace)
            case Commit() if begun is not None:
                if begun.commit_lsn >= self._done:
                    self._outlet.take(self._translator.rest(), begun.commit_lsn, begun.time_ms, self._trace)
                    self._done = message.end_lsn
                    self._dirty = True
                    self.transactions += 1
                self._begun = None
            case _:
                pass

    async def _readable(self) -> None:
        """Wait until the server sends something, or a status is due."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._link.fileno(), ready.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STATUS_S):
                    await ready.wait()
        finally:
            loop.remove_reader(self._link.fileno())
