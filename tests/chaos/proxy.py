"""A TCP proxy in front of a broker that can be cut, hang, or dawdle."""

import asyncio
import contextlib
from typing import Literal

State = Literal["open", "cut", "deaf", "mute"]
_CHUNK = 64 * 1024


class Proxy:
    """Forwards `port` to `target` on 127.0.0.1.

    cut: connections are reset and refused. deaf: what the client sends vanishes (the way back works). mute: the broker's answers vanish.
    delay_ms: added to every piece, each way.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.state: State = "open"
        self.delay_ms = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def become(self, state: State) -> None:
        """Change the state; cutting and healing end all connections, a network that only hangs keeps them."""
        self.state = state
        if state in {"cut", "open"}:
            self.reset()

    def reset(self) -> None:
        """End all connections without a farewell."""
        for writer in list(self._writers):
            with contextlib.suppress(RuntimeError):  # closed already
                writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if self.state != "cut":
                await self._connect(reader, writer)
        except OSError:
            pass  # the broker is away, or a side went
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.add(back)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, back, "deaf"))
                group.create_task(self._pump(there, writer, "mute"))
        except* OSError:
            pass
        finally:
            self._writers.discard(back)
            back.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallowed_when: State) -> None:
        while data := await reader.read(_CHUNK):
            if self.delay_ms:
                await asyncio.sleep(self.delay_ms / 1000)
            if self.state != swallowed_when:
                writer.write(data)
                await writer.drain()
        raise ConnectionResetError
