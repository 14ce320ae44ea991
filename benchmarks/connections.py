"""Memory of one connection: 10 000 in one process that all receive, each one's share above the empty server.

`python -m benchmarks.connections [--json] [--quick] [--clients N] [--rounds N] [--pause N]`. Peers: FastAPI with a loop of
`send_text`, bare uvloop. Memory is looked at after pauses.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Final

import psutil

from benchmarks.harness.asking import asked
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import OURS, Room, crowd, room

PEERS: Final = {"text": "FastAPI", "bare": "bare uvloop"}
FRAMES: Final = 5
KIB: Final = 1024


async def resident(way: str, folder: Path, clients: int, pause_s: float) -> float:
    """Return KiB for each connection. Raises if one did not get every frame."""
    async with room(way, folder) as here:
        await asyncio.sleep(pause_s)
        empty = psutil.Process(here.pid).memory_info().rss
        async with crowd(here.port, clients, "hold") as everybody:
            await everybody.line()
            await _rounds(here, pause_s)
            full = psutil.Process(here.pid).memory_info().rss
            found = await everybody.tell()
    if found["clients"] != clients or found["fewest"] != FRAMES:
        raise AssertionError(f"not everybody got everything: {found}")
    return float(full - empty) / clients / KIB


async def _rounds(here: Room, pause_s: float) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", here.control)
    for _ in range(FRAMES):
        writer.write(b"\1")
        await writer.drain()
        await asyncio.sleep(pause_s)
    writer.close()
    await asyncio.sleep(2 * pause_s)


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run all ways, interleaved; return the claims."""
    found: dict[str, list[float]] = {way: [] for way in (OURS, *PEERS)}
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-") as folder:
        for _ in range(options.rounds):
            for way, runs in found.items():
                runs.append(await resident(way, Path(folder), options.clients, options.pause))
    what = f"memory of a connection, {options.clients} in one process"
    return [claim_of("connections", what, "KiB", found[OURS], (PEERS[way], found[way]), vars(options)) for way in PEERS]


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(10_000, 100), rounds=(3, 1), pause=(1.0, 0.1)))))
