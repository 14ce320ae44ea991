"""Burn-downs over HTTP, from a real log that goes on."""

import asyncio
from typing import Any

import httpx
import psutil

from api.histories import Asked, read
from api.past import Log
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from cli.refold import Refold
from schemas.topics import row_key
from tests.integration.api.aside import aside_s, each, timed
from tests.integration.api.harness import PARTITIONS, RunningEdge, TinyWorker, client_of, until_read

LONG = 4_000
PATH = "/api/v2/projects/p/burndown"


async def test_a_burn_down_goes_on_with_the_log(worker: TinyWorker, edge: RunningEdge) -> None:
    """Read once, then carried on; of a branch or of all; hours while they are few."""
    await worker.log("p", "s", "create", "a")
    await worker.log("p", "s", "create", "b")
    await until_read(edge, await worker.add_task("p", "a"))
    async with edge.client() as http:
        told = (await http.get(PATH, params={"branch_id": "b"})).json()
        point = {"at": "2026-01-01T00", "total": 2, "completed": 0, "in_progress": 0, "open": 2}
        assert told == {"project_id": "p", "branch_id": "b", "by": "hour", "points": [point], "complete": True}
        await worker.log("p", "s", "patch", "a", status="done")
        for branch in ({}, {"branch_id": "b"}):
            (now,) = (await http.get(PATH, params={"by": "day"} | branch)).json()["points"]
            assert (now["at"], now["completed"], now["open"]) == ("2026-01-01", 1, 1)
        refused = [(await http.get(PATH, params=query)).status_code for query in ({"branch_id": "none"}, {"by": "week"})]
        assert refused == [404, 422]
        assert (await http.get("/api/v2/projects/unknown/burndown")).json()["code"] == "unknown-project"


async def test_a_long_burn_down_holds_up_nobody(worker: TinyWorker, edge: RunningEdge, topics: KafkaSettings) -> None:
    """Frames come while it is made: reading and folding are another process's work. What it says is the same, and it goes on from there."""
    await worker.log_many("p", [("s", f"t{number}", f"T{number}") for number in range(LONG)])
    await until_read(edge, await worker.add_task("p", "a"))
    asked = Asked(Log(topics, 1_000_000), Refold, "p", partition_for("p", PARTITIONS), 0, LONG)
    in_place, whole_s = await timed(lambda: read(asked))
    async with client_of(edge) as client, edge.client() as http:
        await client.subscribe("project:p")
        await client.until("sync", "subscribed")
        made = await points(http)
        wanted = in_place.of(row_key("project", "p", "p"), "hour")
        assert (
            [(point["at"], point["total"]) for point in made] == [(point.at, point.total) for point in wanted] == [("2026-01-01T00", LONG)]
        )
        assert (busy_s := aside_s()) > whole_s / 3
        await worker.log("p", "s", "patch", "t1", status="done")
        assert [(point["completed"], point["open"]) for point in await points(http)] == [(1, LONG - 1)]
        await worker.log_many("p", [("s", f"more{number}", "T") for number in range(LONG)])
        assert aside_s() == busy_s  # a little more was taken in where it lies
        making = asyncio.create_task(points(http))
        each(psutil.Process.suspend)  # however long it takes them
        for number in range(5):
            await client.until_sequence("project:p", await worker.add_task("p", f"live{number}"))
        assert not making.done()
        each(psutil.Process.resume)
        assert [(point["completed"], point["total"]) for point in await making] == [(1, 2 * LONG)]


async def points(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Return the points as they are now."""
    found: list[dict[str, Any]] = (await http.get(PATH)).json()["points"]
    return found
