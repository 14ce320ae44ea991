"""The calls that go across projects, on a real edge."""

import asyncio

from api.minutes import last_minutes
from api.now import now_ms
from schemas.rows import ActivityRow, OffsetRow, encode_row
from schemas.topics import offset_key, row_key
from tests.integration.api.harness import RunningEdge, TinyWorker
from tests.integration.api.test_calls import settled

RECENT = "/api/v2/recent"


async def test_the_latest_and_the_found_tasks_are_of_all_projects_that_may_be_read(worker: TinyWorker, edge: RunningEdge) -> None:
    """Newest first, as many as asked for; words in titles in any case; nothing of a project that is not the caller's."""
    for number in range(4):
        await worker.add_task("mine", f"t{number}")
    await worker.add_task("theirs", "t9")
    async with edge.client() as everyone, edge.client(projects=("mine",)) as client:
        await settled(everyone, "theirs", 1)
        await settled(client, "mine", 4)
        newest = (await client.get(RECENT, params={"limit": 2})).json()
        assert [task["id"] for task in newest["tasks"]] == ["t3", "t2"]
        assert {task["project_id"] for task in (await everyone.get(RECENT)).json()["tasks"]} == {"mine", "theirs"}

        found = (await client.get("/api/v2/tasks", params={"q": "TASK t"})).json()
        assert ([task["id"] for task in found["tasks"]], found["more"]) == (["t0", "t1", "t2", "t3"], False)
        few = (await everyone.get("/api/v2/tasks", params={"q": "task", "limit": 3})).json()
        assert (len(few["tasks"]), few["more"]) == (3, True)
        assert [task["id"] for task in (await everyone.get("/api/v2/tasks", params={"q": "T9"})).json()["tasks"]] == ["t9"]
        assert (await client.get("/api/v2/tasks", params={"q": ""})).json()["code"] == "invalid-request"

        await worker.add_task("mine", "t0", status="done")
        while (await client.get(RECENT, params={"limit": 1})).json()["tasks"][0]["status"] != "done":  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)


async def test_the_last_hour_comes_in_minutes(worker: TinyWorker, edge: RunningEdge) -> None:
    """The rows of the minutes of each project that has some, and of nobody else's."""
    for project_id in ("mine", "theirs"):
        await worker.add_task(project_id, "t")
        slot, minute = list(last_minutes(now_ms() - 60_000).items())[-1]
        partition, stamp = worker.next_stamp(project_id)
        row = ActivityRow(id=slot, project_id=project_id, minute=f"{minute}:00.000Z", events=2, sources={"user": 2}, stamp=stamp)
        await worker.state(partition, row_key("activity", project_id, slot), encode_row(row))
        await worker.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=stamp + 1)))
    async with edge.client(projects=("mine",)) as client:
        while not (activity := (await client.get(RECENT)).json()["activity"]):  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)
    assert {name: [row["sources"] for row in rows] for name, rows in activity.items()} == {"mine": [{"user": 2}]}
