"""From a person's click to the changed summary on another person's screen: a cascade, beside a notice and what the page then fetches.

`python -m benchmarks.screen [--json] [--quick] [--changes N] [--tasks N] [--rounds N]`. The clock starts before the write is sent (HTTP, on
a kept connection). "On screen" means: the other page holds the changed branch's new numbers, parsed, in the state that it draws from;
drawing is the same for all and is left out. Three projects of 67 branches with 100 tasks each; all ways in the same invocation,
interleaved, each client on a kept WebSocket and a kept HTTP connection of this machine, so a round trip costs next to nothing: over a
network each one that a page has to wait for comes on top. Ours goes through Kafka, the worker and the edge, with acknowledgement. Peers:
the same edge with FEATURE_WS_CASCADE off, whose notice makes the page fetch its one project; and the original's way
(`benchmarks.peers.original`: FastAPI and Debian's PostgreSQL, when it is installed): update, refresh of the materialised view, notice by
`send_json`, three calls. The 200 ms for which the original's page gathers notices are not counted.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from api.auth import mint
from benchmarks.harness.asking import asked
from benchmarks.harness.calls import Caller, quantiles
from benchmarks.harness.load import Shape, creations, produce
from benchmarks.harness.report import Claim, claim_of, show
from benchmarks.harness.rooms import OURS, SECRET, UNLIMITED, listening
from benchmarks.harness.screen import SUMMARIES, Page, Screen
from benchmarks.harness.stage import fresh_topics, part, process, producing, stage
from benchmarks.peers.postgres import PROJECTS, database, programs, schema
from broker.connection import KafkaSettings
from broker.ports import free_port
from schemas.topics import TASK_CHANGES

NOTICE: Final = "the same edge: notice, then one call"
ORIGINAL: Final = "the original: refresh, notice, three calls"
FLAGS: Final = {OURS: {}, NOTICE: {"FEATURE_WS_CASCADE": "false"}}
PARTITIONS: Final = 4
BRANCHES: Final = 67
PAUSE_S: Final = 0.02
_PATIENCE_S: Final = 60.0


class Scene(NamedTuple):
    """Where one page watches. write: the request that gives the task a status. branch: whose numbers the page looks at."""

    port: int
    fetches: list[str]
    branch: str
    write: Callable[[Caller, str], bytes]


@contextlib.asynccontextmanager
async def ours(way: str, kafka: KafkaSettings, folder: Path, tasks: int) -> AsyncIterator[Scene]:
    """Run a worker and an edge that know all tasks."""
    port = free_port()
    of_edge = UNLIMITED | {"ANABRANCH_HTTP__BULK_CALLS": "10000000"} | FLAGS[way]
    project, branch = "project-000", "project-000-b0"

    def write(caller: Caller, status: str) -> bytes:
        change = {"entity": "task", "action": "patch", "project_id": project, "entity_id": f"{branch}-t0", "data": {"status": status}}
        return caller.request("POST", "/api/v2/changes", json.dumps(change).encode())

    async with part("worker", kafka, folder), part("edge", kafka, folder, "--port", str(port), environment=of_edge):
        shape = Shape(events=0, projects=PROJECTS, branches=BRANCHES, tasks=tasks)
        async with producing(kafka) as producer:
            counts = await produce(producer, kafka.topic(TASK_CHANGES), PARTITIONS, creations(shape))
        await asyncio.to_thread(_reached, port, counts)
        yield Scene(port, [project], branch, write)


def _reached(port: int, counts: list[int]) -> None:
    places = [{"partition": partition, "offset": offset} for partition, offset in enumerate(counts) if offset]
    with Caller(port, _token()) as caller:
        until = time.monotonic() + _PATIENCE_S
        while caller.call("POST", f"{SUMMARIES}/bulk", json.dumps({"min_position": places}).encode()).status != 200:  # noqa: PLR2004  because HTTP says so
            if time.monotonic() > until:
                raise TimeoutError("the edge does not know all tasks")


@contextlib.asynccontextmanager
async def original(folder: Path, tasks: int) -> AsyncIterator[Scene | None]:
    """Run the original's way; None where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        yield None
        return
    port = free_port()
    with database(found) as store:
        await asyncio.to_thread(store.run, schema(PROJECTS * BRANCHES, tasks))
        async with process(["-m", "benchmarks.peers.original", str(port), store.dsn], folder / "original.log") as child:
            await listening(port, child, folder / "original.log")
            yield Scene(port, ["1", "0", "2"], "1", lambda caller, status: caller.request("POST", f"/tasks/1/{status}", b""))


def watch(scene: Scene, changes: int) -> dict[str, Any]:
    """Return the quantiles (ms) of that many changes. Raises if a number is not the expected one."""
    screen = Screen()
    page = Page(scene.port, _token(), scene.fetches, screen)
    page.settle()
    page.fetch()
    with Caller(scene.port, _token()) as caller:
        row = screen.rows["branch", scene.branch]
        statuses = itertools.cycle(["todo", "done"])
        _change(scene, caller, page, next(statuses))
        while page.turn(1.0):
            pass
        start = screen.rows["branch", scene.branch]["completed_tasks"]
        times = []
        for number in range(changes + changes // 10):
            time.sleep(PAUSE_S)
            row = screen.rows["branch", scene.branch]
            began = time.perf_counter()
            caller.send(scene.write(caller, next(statuses)))
            while screen.rows["branch", scene.branch]["completed_tasks"] == row["completed_tasks"]:
                if not page.turn(_PATIENCE_S):
                    raise TimeoutError("nothing came to the page")
            times.append((time.perf_counter() - began) * 1000)
            if caller.receive(began).status >= 300:  # noqa: PLR2004  because HTTP says so
                raise AssertionError("the write was refused")
            if screen.rows["branch", scene.branch]["completed_tasks"] != start + (number + 1) % 2:
                raise AssertionError("the page shows a wrong number")
    return quantiles(times[changes // 10 :])


def _change(scene: Scene, caller: Caller, page: Page, status: str) -> None:
    caller.send(scene.write(caller, status))
    caller.receive(0.0)
    page.turn(1.0)


def _token() -> str:
    return mint(SECRET, "page", ["*"], 3600)


async def run(options: argparse.Namespace) -> list[Claim]:
    """Run all ways, interleaved; return the claims."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in (*FLAGS, ORIGINAL)}
    async with stage() as (kafka, folder):
        for number in range(options.rounds):
            for place, way in enumerate(FLAGS):
                at = folder / f"{number}-{place}"
                at.mkdir()
                async with ours(way, await fresh_topics(kafka, f"{number}-{place}-"), at, options.tasks) as scene:
                    found[way].append(await asyncio.to_thread(watch, scene, options.changes))
            async with original(folder, options.tasks) as other:
                found[ORIGINAL] += [] if other is None else [await asyncio.to_thread(watch, other, options.changes)]
    what = "click to another screen"
    return [
        claim_of(
            "screen", f"{what}, {name}", "ms", [run[name] for run in found[OURS]], (way, [run[name] for run in found[way]]), vars(options)
        )
        for way in (NOTICE, ORIGINAL)
        for name in ("p50", "p99")
    ]


if __name__ == "__main__":
    show(asyncio.run(run(asked(changes=(200, 10), tasks=(100, 5), rounds=(3, 1)))))
