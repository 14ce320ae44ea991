"""What a hundred clients that read nothing cost the others: p99 from a frame's due instant to its arrival, with and without them.

`python -m benchmarks.stalled [--json] [--quick] [--clients N] [--stalled N] [--seconds N] [--rounds N]`. The readers are a crowd as in
`broadcast`; records come at 20 a second through Kafka. The stalled ones joined the same stream first and read nothing: before anything is
measured, so much is sent to them that the edge has paused them all (until their buffers are full, nobody can tell them from readers, and
they cost as much). They stay paused for three quarters of the time measured; then the edge ends them all, within it. A run counts only if
the edge says that all of this was so. The peer is the same edge without them, which was sent as much before, in the same invocation,
interleaved; ratio 1 is the claim. What the machine's noise makes of a ratio says the second claim, which measures nobody stalled twice.
CPU time of the edge's process for each record is a calibration: it holds still where milliseconds do not.
"""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from api.auth import mint
from benchmarks.broadcast import Load, publish
from benchmarks.harness.asking import asked
from benchmarks.harness.crowd import hello
from benchmarks.harness.message import message
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import SECRET, UNLIMITED, crowd
from benchmarks.harness.sockets import Crowd
from benchmarks.harness.stage import fresh_topics, part, producing, stage
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from broker.ports import free_port
from schemas.topics import CASCADES

PARTITIONS: Final = 4
LOAD: Final = Load(20, 1)
OURS: Final = "some stalled"
WITHOUT: Final = "nobody stalled"
AGAIN: Final = "nobody stalled, once more"
PAUSED_SHARE: Final = 0.75
"""Of the time measured, after which the edge ends the stalled clients."""
_FILL: Final = 600
"""Messages, of a kilobyte and more, that fill the buffers of this side's system, the other side's, and the edge's own."""
_HEADERS: Final = f"Authorization: Bearer {mint(SECRET, 'stalled', ['*'], 3600)}\r\nSec-WebSocket-Protocol: summary.v2\r\n"
_PATIENCE_S: Final = 60.0


class Run(NamedTuple):
    """p99 of the readers (ms), and the CPU time of the edge (ms) for each record."""

    p99: float
    cpu: float


class Meter:
    """The edge's own figures."""

    def __init__(self, private: str) -> None:
        self._url = f"{private}/metrics"

    async def read(self, name: str) -> float:
        """Return a figure. Raises `KeyError` for one that is not there."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(self._url)).text
        found: dict[str, float] = {
            sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples
        }
        return found[name]

    async def until(self, name: str, value: float) -> None:
        """Wait until a figure has come to a value. Raises `TimeoutError`."""
        async with asyncio.timeout(_PATIENCE_S):
            while await self.read(name) < value:  # noqa: ASYNC110  because it is another process
                await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def stalled(port: int, count: int) -> AsyncIterator[None]:
    """Open clients that join the stream and read nothing from then on."""
    clients = Crowd(port, _HEADERS)
    try:
        await asyncio.to_thread(clients.open, count, lambda _number: hello(["project:p0"], 0))
        yield
    finally:
        clients.close()


async def measure(kafka: KafkaSettings, folder: Path, count: int, options: argparse.Namespace) -> Run:
    """Return what the readers saw beside so many stalled clients. Raises if these were not paused at first and ended at last."""
    folder.mkdir()
    port = free_port()
    topic = kafka.topic(CASCADES)
    settings = UNLIMITED | {"ANABRANCH_LIMITS__STALL_MS": str(int(1000 * (PAUSED_SHARE * options.seconds + _settling(options))))}
    async with producing(kafka) as producer, part("edge", kafka, folder, "--port", str(port), environment=settings) as private:
        meter = Meter(private)
        await producer.send_and_wait(topic, message("p0", 0), key=b"p0", partition=partition_for("p0", PARTITIONS))
        await asyncio.sleep(1)
        async with stalled(port, count):
            await meter.until("websocket_connections_total", count)
            await publish(producer, topic, Load(LOAD.rate * 20, 1), _FILL / LOAD.rate / 20)
            await meter.until("edge_paused_connections", count)
            async with crowd(port, options.clients, "watch", SECRET, streams=["project:p0"]) as clients:
                await clients.line()
                paused, before = await meter.read("edge_paused_connections"), await meter.read("process_cpu_seconds_total")
                records = await publish(producer, topic, LOAD, options.seconds)
                after, ended = await meter.read("process_cpu_seconds_total"), await meter.read("edge_stalled_connections_total")
                found = await clients.tell(records * options.clients)
    if found["samples"] != records * options.clients or (paused, ended) != (count, count):
        raise AssertionError(
            f"{found['samples']} of {records * options.clients} deliveries; {paused} were paused, {ended} ended, of {count}"
        )
    return Run(float(found["quantiles"]["0.99"]), (after - before) / records * 1000)


def _settling(options: argparse.Namespace) -> float:
    """Return about how long the readers take to come (s): the stalled ones do not move in the meantime."""
    return 1.0 + float(options.clients) / 500


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run all, interleaved; return the claims."""
    found: dict[str, list[Run]] = {OURS: [], WITHOUT: [], AGAIN: []}
    async with stage() as (kafka, folder):
        for number in range(options.rounds):
            for place, (who, runs) in enumerate(found.items()):
                topics = await fresh_topics(kafka, f"{number}-{place}-")
                runs.append(await measure(topics, folder / f"{number}-{place}", options.stalled if who == OURS else 0, options))
    times = {who: [run.p99 for run in runs] for who, runs in found.items()}
    cpu = {who: [round(run.cpu, 3) for run in runs] for who, runs in found.items()}
    settings = vars(options) | {"calibration": {"the edge's CPU time for each record, ms": cpu}}
    what = f"{options.clients} clients beside {options.stalled} that read nothing, p99"
    noise = f"{options.clients} clients beside nobody else, p99 (the noise of this measurement)"
    return [
        claim_of("stalled", what, "ms", times[OURS], (WITHOUT, times[WITHOUT] + times[AGAIN]), settings),
        claim_of("stalled", noise, "ms", times[WITHOUT], (AGAIN, times[AGAIN]), settings),
    ]


if __name__ == "__main__":
    show(asyncio.run(run(asked(clients=(500, 30), stalled=(100, 5), seconds=(30.0, 4.0), rounds=(5, 1)))))
