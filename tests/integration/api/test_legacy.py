"""The calls of version 1 of a real edge on a real broker."""

import asyncio
from email.utils import parsedate_to_datetime

from broker.partitioner import partition_for
from schemas.rows import BranchSummary, OffsetRow, encode_row
from schemas.topics import offset_key, row_key
from tests.integration.api.harness import PARTITIONS, Row, RunningEdge, TinyWorker

BULK = "/api/v2/branches/summaries/bulk"


async def totals(edge: RunningEdge, **wanted: int) -> Row:
    """Return the bulk answer once the projects have so many tasks."""
    async with edge.client() as http:
        while True:
            answer: Row = (await http.post(BULK, json={})).json()
            if {name: row["total_tasks"] for name, row in answer["projects"].items()} == wanted:
                return answer
            await asyncio.sleep(0.02)


async def test_version_1_says_the_same_numbers(worker: TinyWorker, edge: RunningEdge) -> None:
    """Both calls give the rows of the bulk call; the headers say that they are deprecated, and the link works."""
    for number in range(3):
        await worker.add_task("p", f"t{number}")
    await worker.add_task("q/ä", "t")
    bulk = await totals(edge, **{"p": 3, "q/ä": 1})
    async with edge.client() as http:
        for project_id in ("p", "q/ä"):
            project = await http.get(f"/api/v1/projects/{project_id}/branches/summaries")
            branch = await http.get(f"/api/v1/branches/{project_id}-main/summary")
            row = bulk["summaries"][f"{project_id}-main"]
            assert (project.json()["project"], project.json()["branches"]) == (bulk["projects"][project_id], [row])
            assert project.json()["total_branches"] == 1
            assert branch.json()["branch"] == row
            for answer in (project, branch):
                assert answer.json()["positions"].keys() == {project_id}
                since = int(answer.headers["deprecation"].removeprefix("@"))
                assert since < parsedate_to_datetime(answer.headers["sunset"]).timestamp()
                link, relation = answer.headers["link"].split("; ")
                assert relation == 'rel="successor-version"'
                assert (await http.get(link.strip("<>"))).json()["projects"] == {project_id: bulk["projects"][project_id]}


async def test_version_1_shows_nobody_what_is_not_theirs(worker: TinyWorker, edge: RunningEdge) -> None:
    """Foreign projects and branches are not there; a branch id of several projects needs the project."""
    await worker.add_task("mine", "t")
    await worker.add_task("theirs", "t")
    await totals(edge, mine=1, theirs=1)
    async with edge.client(projects=("mine",)) as http:
        for path in ("projects/theirs/branches/summaries", "branches/theirs-main/summary", "branches/none/summary"):
            assert (await http.get(f"/api/v1/{path}")).status_code == 404
        assert (await http.get("/api/v1/branches/mine-main/summary", params={"project_id": "theirs"})).status_code == 404
        assert (await http.get("/api/v1/branches/mine-main/summary", params={"project_id": "mine"})).status_code == 200
        assert (await http.get("/api/v1/branches/mine-main/summary", headers={"Authorization": ""})).status_code == 401
    await _branch(worker, "mine", "theirs-main")
    async with edge.client() as http:
        while (answer := await http.get("/api/v1/branches/theirs-main/summary")).status_code == 200:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)
        assert answer.json()["code"] == "invalid-request"
        named = await http.get("/api/v1/branches/theirs-main/summary", params={"project_id": "mine"})
        assert named.json()["branch"]["project_id"] == "mine"


async def test_version_1_waits_for_a_position(worker: TinyWorker, edge: RunningEdge) -> None:
    """Both calls answer when they include it; one that does not come in time, or is none, is refused."""
    await worker.add_task("p", "t0")
    await totals(edge, p=1)
    partition = partition_for("p", PARTITIONS)
    async with edge.client() as http:
        paths = ("/api/v1/projects/p/branches/summaries", "/api/v1/branches/p-main/summary")
        wanted = {"min_position": f"{partition}:{worker.offsets[partition] + 1}"}
        waiting = [asyncio.create_task(http.get(path, params=wanted)) for path in paths]
        await asyncio.sleep(0.1)
        assert not any(call.done() for call in waiting)
        await worker.add_task("p", "t1")
        project, branch = [(await call).json() for call in waiting]
        assert (project["project"]["total_tasks"], branch["branch"]["total_tasks"]) == (2, 2)
        for path in paths:
            assert (await http.get(path, params={"min_position": "nonsense"})).status_code == 422


async def _branch(worker: TinyWorker, project_id: str, branch_id: str) -> None:
    """Add a branch of any id to a project."""
    partition, stamp = worker.next_stamp(project_id)
    row = encode_row(BranchSummary(id=branch_id, project_id=project_id, name=branch_id, stamp=stamp))
    await worker.state(partition, row_key("branch", project_id, branch_id), row)
    await worker.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=stamp + 1)))
