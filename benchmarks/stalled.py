"""What a hundred clients that read nothing cost the others: p99 from a frame's due instant to its arrival, with and without them.

`python -m benchmarks.stalled [--json] [--quick] [--clients N] [--stalled N] [--seconds N] [--rounds N]`. The readers are a crowd as in
`broadcast`; the stalled ones joined the same stream and then stopped reading. Records come at 20 a second through Kafka. The peer is the
same edge without the stalled clients, in the same invocation, interleaved; ratio 1 is the claim.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.auth import mint
from benchmarks.broadcast import Load, Scene, ours, publish
from benchmarks.harness.asking import asked
from benchmarks.harness.crowd import hello
from benchmarks.harness.message import message
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import SECRET, crowd
from benchmarks.harness.stage import fresh_topics, producing, stage
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.topics import CASCADES

PARTITIONS: Final = 4
LOAD: Final = Load(20, 1)
WITHOUT: Final = "nobody stalled"


@contextlib.asynccontextmanager
async def stalled(port: int, count: int) -> AsyncIterator[None]:
    """Open clients that join the stream and read nothing from then on."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(count):
            client = await connect(
                f"ws://127.0.0.1:{port}/ws/v2",
                additional_headers={"Authorization": f"Bearer {mint(SECRET, 'stalled', ['*'], 3600)}"},
                subprotocols=[Subprotocol("summary.v2")],
                proxy=None,
                close_timeout=0,
            )
            stack.callback(client.transport.abort)
            await client.send(hello(["project:p0"], 0).decode())
            client.transport.pause_reading()
        yield


async def measure(kafka: KafkaSettings, folder: Path, count: int, options: argparse.Namespace) -> float:
    """Return the readers' p99 (ms) beside so many stalled clients."""
    folder.mkdir()
    topic = kafka.topic(CASCADES)
    async with producing(kafka) as producer, ours(Scene(kafka, folder)) as port:
        await producer.send_and_wait(topic, message("p0", 0), key=b"p0", partition=partition_for("p0", PARTITIONS))
        await asyncio.sleep(1)
        async with stalled(port, count), crowd(port, options.clients, "watch", SECRET, streams=["project:p0"]) as clients:
            await clients.line()
            await publish(producer, topic, LOAD, options.seconds)
            expected = int(LOAD.rate * options.seconds) * options.clients
            found = await clients.tell(expected)
    if found["samples"] != expected:
        raise AssertionError(f"{found['samples']} of {expected} deliveries came")
    return float(found["quantiles"]["0.99"])


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run both, interleaved; return the claim."""
    found: dict[int, list[float]] = {options.stalled: [], 0: []}
    async with stage() as (kafka, folder):
        for number in range(options.rounds):
            for count, runs in found.items():
                place = f"{number}-{count}"
                runs.append(await measure(await fresh_topics(kafka, f"{place}-"), folder / place, count, options))
    what = f"{options.clients} clients beside {options.stalled} that read nothing, p99"
    return [claim_of("stalled", what, "ms", found[options.stalled], (WITHOUT, found[0]), vars(options))]


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(500, 30), stalled=(100, 5), seconds=(20.0, 2.0), rounds=(3, 1)))))
