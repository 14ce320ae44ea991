"""The flags of the migration, in both states, on a real edge and a real broker."""

import pytest

from tests.integration.api.harness import StartEdge, TinyWorker, client_of, until_read

BULK = "/api/v2/branches/summaries"


@pytest.mark.parametrize("on", [True, False])
async def test_the_bulk_call_can_be_switched_off(worker: TinyWorker, start_edge: StartEdge, *, on: bool) -> None:
    """Off, both forms are 404 with a problem of its own, and version 1 goes on giving the numbers."""
    edge = await start_edge(feature_bulk_api=on)
    await until_read(edge, await worker.add_task("p", "t"))
    async with edge.client() as http:
        for answer in (await http.post(f"{BULK}/bulk", json={}), await http.get(BULK)):
            if on:
                assert (answer.status_code, answer.json()["projects"]["p"]["total_tasks"]) == (200, 1)
            else:
                assert (answer.status_code, answer.json()["code"], answer.json()["temporary"]) == (404, "feature-disabled", False)
        legacy = await http.get("/api/v1/projects/p/branches/summaries")
        assert (legacy.status_code, legacy.json()["project"]["total_tasks"]) == (200, 1)
        assert (await http.post(f"{BULK}/bulk", json={}, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("on", [True, False])
async def test_frames_carry_rows_or_only_say_what_changed(worker: TinyWorker, start_edge: StartEdge, *, on: bool) -> None:
    """Off, a client is told what to fetch and keeps its place by it: it resumes, and nothing is a gap; polls get the same."""
    edge = await start_edge(feature_ws_cascade=on)
    first = await worker.add_task("p", "t0")
    await until_read(edge, first)
    async with client_of(edge) as client, edge.client() as http:
        assert ("cascades" in client.frames[0]["payload"]["data"]["features"]) is on
        await client.subscribe("project:p")
        await client.until_sequence("project:p", first)
        last = [await worker.add_task("p", f"t{number}") for number in (1, 2)][-1]
        await client.until_sequence("project:p", last)
        data = [frame["payload"]["data"] for frame in client.frames if frame["sequence"] > first]
        if on:
            assert [(len(entry["cascade"]["branches"]), "changed" in entry) for entry in data] == [(1, False)] * 2
        else:
            assert data == [
                {"primary": [], "cascade": {}, "changed": [{"entity": "task", "action": "create", "id": name, "branchId": "p-main"}]}
                for name in ("t1", "t2")
            ]
        assert (client.gaps, client.rows["project", "p"]["total_tasks"]) == (0, 3 if on else 1)
        polled = await http.get("/api/v2/changes", params={"stream": "project:p", "since": f"e1:{first}"})
        assert [frame["payload"]["data"] for frame in polled.json()] == data
        fetched = await http.get("/api/v1/projects/p/branches/summaries")
        assert fetched.json()["project"]["total_tasks"] == 3
        await client.subscribe("project:p", since={"epoch": "e1", "sequence": first})
        entry = (await client.until("sync", "subscribed"))["payload"]["data"]["streams"][0]
        assert (entry["status"], entry["replayed"]) == ("recovered", 2)
