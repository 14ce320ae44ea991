"""Rooms for the benchmarks of sockets: a server process of one kind or another, and a crowd of clients in a process of their own."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from api.auth import mint
from benchmarks.harness.stage import process
from broker.ports import free_port

SECRET: Final = "a secret of the benchmarks, of more than 32 characters"  # noqa: S105  because nothing is protected by it
OURS: Final = "anabranch"
UNLIMITED: Final = {
    "ANABRANCH_JWT_SECRET": SECRET,
    "ANABRANCH_LIMITS__CONNECTIONS_PER_USER": "1000000",
    "ANABRANCH_LIMITS__HEARTBEAT_MS": "3600000",  # the load generator answers none, and ten thousand take longer than two of them to come
}


class Room(NamedTuple):
    """A running server: its port, the port that asks it for rounds, and its process."""

    port: int
    control: int
    pid: int


@contextlib.asynccontextmanager
async def room(way: str, folder: Path, settings: dict[str, str] | None = None) -> AsyncIterator[Room]:
    """Run our edge without Kafka (`anabranch`), or a peer of `benchmarks.peers.sockets`, for as long as the context lasts."""
    port, control = free_port(), free_port()
    arguments = ["-m", "benchmarks.harness.edge"] if way == OURS else ["-m", "benchmarks.peers.sockets"]
    more = [] if way == OURS else [way]
    async with process([*arguments, str(port), str(control), *more], folder / f"{way}.log", UNLIMITED | (settings or {})) as child:
        for number in (port, control):
            await listening(number, child, folder / f"{way}.log")
        yield Room(port, control, child.pid)


async def listening(port: int, child: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until a process listens on a port. Raises `RuntimeError` when it ends instead."""
    while True:
        if child.returncode is not None:
            raise RuntimeError(f"ended with {child.returncode}: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


class Crowd:
    """The load generator. `line` is what it prints; `tell` ends its watching."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def line(self) -> str:
        """Return the next line. Raises `RuntimeError` when there is none: its fault is above."""
        assert self._child.stdout is not None  # noqa: S101  because it was started with a pipe
        line = await self._child.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended early")
        return line.decode().strip()

    async def tell(self, samples: int = 0) -> dict[str, Any]:
        """Let it end, once it has so many samples; return what it found."""
        assert self._child.stdin is not None  # noqa: S101  because it was started with a pipe
        self._child.stdin.write(b"%d\n" % samples)
        return await self.found()

    async def found(self) -> dict[str, Any]:
        """Return what it found, once it is done."""
        result: dict[str, Any] = json.loads(await self.line())
        return result


@contextlib.asynccontextmanager
async def crowd(port: int, clients: int, mode: str, secret: str = SECRET, **options: Any) -> AsyncIterator[Crowd]:  # noqa: ANN401  because modes differ
    """Run a crowd until the context ends. options: as `benchmarks.harness.crowd` says; streams: `project:p` unless others are named."""
    headers = f"Authorization: Bearer {mint(secret, 'crowd', ['*'], 3600)}\r\nSec-WebSocket-Protocol: summary.v2\r\n"
    asked = {"port": port, "clients": clients, "mode": mode, "headers": headers, "streams": ["project:p"]} | options
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.harness.crowd", json.dumps(asked), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Crowd(child)
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()  # closes the pipes


async def saturated(way: str, folder: Path, options: dict[str, Any], settings: dict[str, str] | None = None) -> dict[str, Any]:
    """Return what a crowd found that asks one server for round after round. options: clients, seconds, per_turn."""
    async with (
        room(way, folder, settings) as here,
        crowd(here.port, mode="saturate", control=here.control, pid=here.pid, **options) as clients,
    ):
        return await clients.found()


BUSY: Final = "load generator's share of a core (it is the bottleneck only near 1)"


def busy(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[float]]:
    """Return by way how busy the load generator itself was in each run."""
    return {way: [round(run["crowd_busy"], 2) for run in runs] for way, runs in found.items()}
