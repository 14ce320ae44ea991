"""The calls that go across projects, on a real edge."""

import asyncio

from tests.integration.api.harness import RunningEdge, TinyWorker
from tests.integration.api.test_calls import settled


async def test_the_latest_and_the_found_tasks_are_of_all_projects_that_may_be_read(worker: TinyWorker, edge: RunningEdge) -> None:
    """Newest first, as many as asked for; words in titles in any case; nothing of a project that is not the caller's."""
    for number in range(4):
        await worker.add_task("mine", f"t{number}")
    await worker.add_task("theirs", "t9")
    async with edge.client() as everyone, edge.client(projects=("mine",)) as client:
        await settled(everyone, "theirs", 1)
        await settled(client, "mine", 4)
        newest = (await client.get("/api/v2/recent", params={"limit": 2})).json()
        assert [task["id"] for task in newest["tasks"]] == ["t3", "t2"]
        assert {task["project_id"] for task in (await everyone.get("/api/v2/recent")).json()["tasks"]} == {"mine", "theirs"}

        found = (await client.get("/api/v2/tasks", params={"q": "TASK t"})).json()
        assert ([task["id"] for task in found["tasks"]], found["more"]) == (["t0", "t1", "t2", "t3"], False)
        few = (await everyone.get("/api/v2/tasks", params={"q": "task", "limit": 3})).json()
        assert (len(few["tasks"]), few["more"]) == (3, True)
        assert [task["id"] for task in (await everyone.get("/api/v2/tasks", params={"q": "T9"})).json()["tasks"]] == ["t9"]
        assert (await client.get("/api/v2/tasks", params={"q": ""})).json()["code"] == "invalid-request"

        await worker.add_task("mine", "t0", status="done")
        while (await client.get("/api/v2/recent", params={"limit": 1})).json()["tasks"][0]["status"] != "done":  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)
