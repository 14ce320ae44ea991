"""Bytes on the wire of a page while agents are at work: one frame a window, beside a full cascade for each event, and beside re-fetching.

`python -m benchmarks.burst [--json] [--quick] [--history SOURCE] [--speed N] [--seconds N] [--rounds N]`. A burst goes through Kafka, a
worker and an edge to one page; everything that the page gets and sends from the first event on counts, uncompressed. SOURCE (or
BENCH_HISTORY) is anything that git can clone and that keeps Task Master's or beads' file: the liveliest stretch of its history is replayed.
Without one, agents work through a made plan. "a full cascade for each event" is the same worker with FEATURE_AI_BATCH off; counted is what
it published, as the frames that an edge makes of it, since an edge spares a page that falls behind most of them (the page's own bytes are
in the settings as `wire`). The other two
are the ways before all that (FEATURE_WS_CASCADE off, too), in which frames only say what changed. "the original's page, a notice and its
fetches" does what the original's client did (`benchmarks.harness.screen.OriginalPage` says where that is read): for each notice the
summaries, and the tasks of the branch that is open, which ours has from its frames (the bytes of those are in the settings, `tasks`).
"notice, then one fetch at a time" is the kindest that can be made of it: only the summaries, never more than one fetch at a time, and one
for all notices that came meanwhile. At the end every page must hold exactly what the edge answers (the original's: as far as its notices
make it fetch summaries). Where a page takes so long over its fetches that it falls far behind, the edge spares it notices, too: in the
longest bursts the original's page gets off cheaper than it did. A stretch in which most is new has little to merge: each of its rows has to
travel once.
"""

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import ConsumerRecord

from api.auth import mint
from api.protocol.splice import splice
from api.protocol.tail import header
from benchmarks.harness.asking import asked
from benchmarks.harness.calls import Caller
from benchmarks.harness.histories import Burst, made, recorded
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import OURS, SECRET, UNLIMITED
from benchmarks.harness.screen import SUMMARIES, Key, OriginalPage, Page, Screen
from benchmarks.harness.stage import fresh_topics, part, stage
from benchmarks.harness.timeline import records, total
from broker.connection import KafkaSettings
from broker.epoch import new_epoch
from broker.ports import free_port
from connectors.publish import Publisher
from schemas.topics import CASCADES

EACH: Final = "a full cascade for each event"
ORIGINAL: Final = "the original's page, a notice and its fetches"
FETCH: Final = "notice, then one fetch at a time"
WAYS: Final = {
    OURS: {},
    EACH: {"FEATURE_AI_BATCH": "false"},
    ORIGINAL: {"FEATURE_AI_BATCH": "false", "FEATURE_WS_CASCADE": "false"},
    FETCH: {"FEATURE_AI_BATCH": "false", "FEATURE_WS_CASCADE": "false"},
}
PARTITIONS: Final = 4
_OF_SUBTASKS: Final = frozenset({"total_subtasks", "completed_subtasks", "last_activity", "digest", "stamp"})
"""What a subtask's change moves in a summary: the original's page fetched no summaries for it."""
_EPOCH: Final = msgspec.json.encode(new_epoch())
_QUIET_S: Final = 1.5
_PATIENCE_S: Final = 120.0


async def measure(way: str, kafka: KafkaSettings, folder: Path, burst: Burst) -> dict[str, int]:
    """Return what came to one page. Raises if it does not show the truth in the end."""
    folder.mkdir()
    port = free_port()
    of_edge = UNLIMITED | {"ANABRANCH_HTTP__BULK_CALLS": "10000000"} | WAYS[way]
    async with (
        part("worker", kafka, folder, environment=WAYS[way]),
        part("edge", kafka, folder, "--port", str(port), environment=of_edge),
        Publisher(kafka) as publisher,
    ):
        await publisher.send(burst.before)
        await publisher.flush()
        await asyncio.to_thread(_truth, port, burst, publisher)
        written = await total(kafka, kafka.topic(CASCADES), PARTITIONS)
        playing = asyncio.Event()
        watching = asyncio.create_task(asyncio.to_thread(_watch, way, port, burst, playing))
        await _play(publisher, burst)
        truth = await asyncio.to_thread(_truth, port, burst, publisher)
        playing.set()
        page, screen = await watching
    shown, real = (_known(way, held.summaries()) for held in (screen, truth))
    if shown != real:
        wrong = [key for key in shown.keys() | real.keys() if shown.get(key) != real.get(key)]
        raise AssertionError(f"the page of {way!r} shows {len(wrong)} of {len(real)} rows wrong: {wrong[:5]}")
    published = sorted(await records(kafka, kafka.topic(CASCADES), PARTITIONS), key=lambda record: record.timestamp)[written:]
    size = sum(_framed(record) for record in published)
    return {
        "bytes": size if way == EACH else page.wire,
        "wire": page.wire,
        "frames": page.frames,
        "fetches": page.calls,
        "tasks": page.listed,
    }


def _framed(record: ConsumerRecord[bytes, bytes]) -> int:
    """Return the bytes of a record of `cascades` as a frame of a WebSocket, as they are counted for a page."""
    frame = splice(record.value or b"{}", record.offset + 1, record.offset, _EPOCH)
    return len(header(len(frame))) + len(frame)


async def _play(publisher: Publisher, burst: Burst) -> None:
    loop = asyncio.get_running_loop()
    start = loop.time() + 2.0
    for due, changes in burst.steps:
        await asyncio.sleep(max(0.0, start + due - loop.time()))
        await publisher.send(changes)
        await publisher.flush()


def _truth(port: int, burst: Burst, publisher: Publisher) -> Screen:
    """Return what the edge answers once it has everything that was sent."""
    places = [{"partition": place.partition, "offset": place.offset} for place in publisher.positions]
    wanted = json.dumps({"project_ids": [burst.project_id], "min_position": places}).encode()
    screen = Screen()
    until = time.monotonic() + _PATIENCE_S
    with Caller(port, _token()) as caller:
        while (answer := caller.call("POST", f"{SUMMARIES}/bulk", wanted if places else b"{}")).status != 200:  # noqa: PLR2004  because HTTP says so
            if time.monotonic() > until:
                raise TimeoutError(answer.body)
    screen.answer(json.loads(answer.body))
    return screen


def _known(way: str, rows: dict[Key, dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    """Return what a page of this kind must know of summaries."""
    if way != ORIGINAL:
        return rows
    return {key: {name: value for name, value in row.items() if name not in _OF_SUBTASKS} for key, row in rows.items()}


def _watch(way: str, port: int, burst: Burst, done: asyncio.Event) -> tuple[Page, Screen]:
    screen = Screen()
    if way == ORIGINAL:
        page: Page = OriginalPage(port, _token(), burst.project_id, burst.branch_id, screen)
    else:
        page = Page(port, _token(), [burst.project_id], screen)
    page.settle()
    while page.turn(_QUIET_S) or not done.is_set():
        pass
    return page, screen


def _token() -> str:
    return mint(SECRET, "page", ["*"], 3600)


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run all ways, interleaved; return the claims."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    async with stage() as (kafka, folder):
        source = options.history or os.environ.get("BENCH_HISTORY")
        burst = recorded(source, folder, options.seconds, options.speed) if source else made(options.seconds, options.rate)
        for number in range(options.rounds):
            for place, (way, runs) in enumerate(found.items()):
                topics = await fresh_topics(kafka, f"{number}-{place}-")
                runs.append(await measure(way, topics, folder / f"{number}-{place}", burst))
    settings = vars(options) | {"burst": burst.name, "events": burst.size, "before": len(burst.before), "found": found}
    what = f"bytes to a page, {burst.name}, {burst.size} events in {options.seconds:g} s"
    ours = [run["bytes"] for run in found[OURS]]
    return [
        claim_of("burst", what, "bytes", ours, (way, [run["bytes"] for run in found[way]]), settings) for way in (EACH, ORIGINAL, FETCH)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--history", help="a repository or bundle to clone; default: BENCH_HISTORY, else a made burst")
    parser.add_argument("--speed", type=float, default=100.0, help="how many times faster than it was recorded")
    parser.add_argument("--rate", type=float, default=40.0, help="events per second of the made burst")
    show(asyncio.run(run(asked(parser, seconds=(20.0, 1.0), rounds=(3, 1)))))
