"""The worker's decisions, for callers over HTTP who wait for them."""

import asyncio

from broker.partitioner import partition_for
from schemas.messages import Metadata, Outcome, Position
from tests.integration.api.harness import PARTITIONS, RunningEdge, TinyWorker, until_read
from tests.integration.api.test_calls import logged


async def test_a_caller_may_wait_for_the_decision(worker: TinyWorker, edge: RunningEdge) -> None:
    """200 with what the worker decided of each change, 202 without when it does not come in time; a repeated id is a duplicate."""
    await until_read(edge, await worker.add_task("p", "t"))
    change = {"entity": "task", "action": "patch", "project_id": "p", "entity_id": "t", "data": {"title": "T"}}
    async with edge.client("alice") as http:
        both = [change | {"id": "a"}, change | {"id": "b"}]
        asking = asyncio.create_task(http.post("/api/v2/changes", json=both, headers={"Prefer": "wait=20"}))
        await logged(worker, partition_for("p", PARTITIONS), len(both))  # before that the worker could not decide
        await worker.add_task("p", "t", correlation_id="a", user_id="alice")
        metadata = Metadata(source="user", position=Position(0, 1), user_id="alice", correlation_id="b")
        outcome = Outcome(id="o", stream="project:p", timestamp=0, action="rejected", metadata=metadata, message_id="b", error="conflict")
        await worker.cascade("p", outcome)
        answer = await asking
        assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=20")
        assert [(one["outcome"], one["error"]) for one in answer.json()["changes"]] == [("applied", None), ("rejected", "conflict")]
        again = await http.post("/api/v2/changes", json=change | {"id": "a"}, headers={"Prefer": "wait=20"})
        assert (again.status_code, again.json()["changes"][0]["outcome"]) == (200, "duplicate")
        late = await http.post("/api/v2/changes", json=change | {"id": "c"}, headers={"Prefer": "wait=1"})
        assert (late.status_code, "outcome" in late.json()["changes"][0]) == (202, False)
