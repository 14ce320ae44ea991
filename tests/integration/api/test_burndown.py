"""Burn-downs over HTTP, from a real log that goes on."""

from tests.integration.api.harness import RunningEdge, TinyWorker, until_read


async def test_a_burn_down_goes_on_with_the_log(worker: TinyWorker, edge: RunningEdge) -> None:
    """Read once, then carried on; of a branch or of all; hours while they are few."""
    await worker.log("p", "s", "create", "a")
    await worker.log("p", "s", "create", "b")
    await until_read(edge, await worker.add_task("p", "a"))
    async with edge.client() as http:
        path = "/api/v2/projects/p/burndown"
        told = (await http.get(path, params={"branch_id": "b"})).json()
        point = {"at": "2026-01-01T00", "total": 2, "completed": 0, "in_progress": 0, "open": 2}
        assert told == {"project_id": "p", "branch_id": "b", "by": "hour", "points": [point], "complete": True}
        await worker.log("p", "s", "patch", "a", status="done")
        for branch in ({}, {"branch_id": "b"}):
            (now,) = (await http.get(path, params={"by": "day"} | branch)).json()["points"]
            assert (now["at"], now["completed"], now["open"]) == ("2026-01-01", 1, 1)
        refused = [(await http.get(path, params=query)).status_code for query in ({"branch_id": "none"}, {"by": "week"})]
        assert refused == [404, 422]
        assert (await http.get("/api/v2/projects/unknown/burndown")).json()["code"] == "unknown-project"
