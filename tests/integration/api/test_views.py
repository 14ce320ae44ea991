"""The tables of a real edge, as analysts' tools read them."""

import csv
import io
import json

import httpx
import pyarrow as pa
from pyarrow import parquet

from schemas.rows import ActivityRow, OffsetRow, encode_row
from schemas.topics import offset_key, row_key
from tests.integration.api.harness import Row, RunningEdge, TinyWorker, until_read

VIEWS = "/api/v2/views"


async def filled(worker: TinyWorker, edge: RunningEdge) -> None:
    """Give an edge two projects and an hour of one of them."""
    for project_id, count in (("p", 5), ("q", 2)):
        added = [await worker.add_task(project_id, f"t{number}", status="done" if number % 2 else "todo") for number in range(count)]
        await until_read(edge, added[-1])
    partition, stamp = worker.next_stamp("p")
    minute = ActivityRow(id="wed-10:00", project_id="p", minute="2026-11-25T10:00:00.000Z", events=5, stamp=stamp)
    minute.sources, minute.actions = {"user": 5}, {"create": 5}
    await worker.state(partition, row_key("activity", "p", minute.id), encode_row(minute))
    await worker.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=stamp + 1)))


async def rows(http: httpx.AsyncClient, view: str, **query: object) -> list[Row]:
    """Return all rows of a view, page by page, following `Link`."""
    found: list[Row] = []
    answer = await http.get(f"{VIEWS}/{view}", params=query)  # type: ignore[arg-type]  # queries of all kinds
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["rows"]
        following = answer.links.get("next")
        assert (following is None) is (answer.json()["next"] is None)
        if following is None:
            return found
        answer = await http.get(following["url"])


async def test_views_are_filtered_sorted_and_paged(worker: TinyWorker, edge: RunningEdge) -> None:
    """Each of the four; pages fit together by `next` and by `Link`; wrong questions say what fits."""
    await filled(worker, edge)
    place = f"{worker.next_stamp('p')[0]}:{worker.offsets[worker.next_stamp('p')[0]] - 2}"
    async with edge.client() as http:
        assert [row["total_tasks"] for row in await rows(http, "projects", sort="-total_tasks")] == [5, 2]
        assert [row["branch_id"] for row in await rows(http, "branches", where="status_breakdown.done>=2")] == ["p-main"]
        tasks = await rows(http, "tasks", where=["status=todo", "project_id=p"], sort="-task_id", limit=2, columns="task_id,status")
        assert tasks == [{"task_id": f"t{number}", "status": "todo"} for number in (4, 2, 0)]
        (minute,) = await rows(http, "activity", min_position=place)
        assert (minute["minute"], minute["events"], minute["sources"]) == ("2026-11-25T10:00:00.000Z", 5, {"user": 5})
        assert await rows(http, "tasks", project_id="q") == [row for row in await rows(http, "tasks") if row["project_id"] == "q"]
        wrong = await http.get(f"{VIEWS}/tasks", params={"where": "colour=red", "sort": "assignees"})
        assert (wrong.status_code, len(wrong.json()["errors"])) == (422, 2)
        assert (await http.get(f"{VIEWS}/secrets")).status_code == 422


async def test_views_come_in_every_format(worker: TinyWorker, edge: RunningEdge) -> None:
    """The same rows; 406 names the formats; positions stand in a header."""
    await filled(worker, edge)
    async with edge.client() as http:
        wanted = {"columns": "task_id,status,last_activity", "sort": "task_id", "project_id": "p"}
        expected = await rows(http, "tasks", **wanted)

        async def get(accept: str) -> bytes:
            answer = await http.get(f"{VIEWS}/tasks", params=wanted, headers={"Accept": accept})
            assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, accept)
            assert answer.headers["anabranch-positions"].count(":") == 4
            return answer.content

        assert [json.loads(line) for line in (await get("application/x-ndjson")).splitlines()] == expected
        read = list(csv.DictReader(io.StringIO((await get("text/csv")).decode(), newline="")))
        assert [row["task_id"] for row in read] == [row["task_id"] for row in expected]
        assert pa.ipc.open_stream(await get("application/vnd.apache.arrow.stream")).read_all().to_pylist() == expected
        assert parquet.read_table(io.BytesIO(await get("application/vnd.apache.parquet"))).to_pylist() == expected
        refused = await http.get(f"{VIEWS}/tasks", headers={"Accept": "image/png"})
        assert (refused.status_code, refused.json()["code"]) == (406, "not-acceptable")
        assert "text/csv" in refused.json()["detail"]


async def test_views_hold_what_may_be_read(worker: TinyWorker, edge: RunningEdge) -> None:
    """Rows of other projects are absent; a named one is 404."""
    await filled(worker, edge)
    async with edge.client("x", ("q",)) as http:
        for view in ("projects", "branches", "tasks", "activity"):
            assert {row["project_id"] for row in await rows(http, view)} <= {"q"}
            assert (await http.get(f"{VIEWS}/{view}", params={"project_id": "p"})).status_code == 404
