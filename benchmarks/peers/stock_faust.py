"""The peer: stock Faust with the same pipeline, as its documentation teaches it.

Three RocksDB tables (tasks, branches, projects) with their changelogs and one message per event with the changed row and both
summaries. Run by `benchmarks.pipeline` as `faust -A benchmarks.peers.stock_faust worker`.
"""

import os
from typing import Any

import faust

app = faust.App(
    os.environ["PEER_ID"],
    broker=f"kafka://{os.environ['PEER_BOOTSTRAP']}",
    store="rocksdb://",
    topic_partitions=int(os.environ["PEER_PARTITIONS"]),
    topic_replication_factor=1,
    topic_disable_leader=True,
    datadir=os.environ["PEER_DATA"],
    web_enabled=False,
    stream_wait_empty=False,
    consumer_auto_offset_reset="earliest",
)
source = app.topic(os.environ["PEER_SOURCE"], key_type=bytes, value_serializer="json")
output = app.topic(os.environ["PEER_OUTPUT"], key_type=bytes, value_serializer="json")
tasks = app.Table("tasks", partitions=app.conf.topic_partitions)
branches = app.Table("branches", partitions=app.conf.topic_partitions)
projects = app.Table("projects", partitions=app.conf.topic_partitions)

Row = dict[str, Any]


def counted(summary: Row | None, old: Row | None, new: Row) -> Row:
    """Return the summary with the task's old contribution replaced by its new one."""
    row = dict(summary or {"total": 0})
    if old is None:
        row["total"] += 1
    else:
        row[old["status"]] -= 1
        row[old["priority"]] -= 1
    for name in (new["status"], new["priority"]):
        row[name] = row.get(name, 0) + 1
    return row


@app.agent(source)
async def fold(stream: faust.StreamT[Row]) -> None:
    """Count each event into three tables and send its cascade."""
    async for event in stream:
        old = tasks.get(event["entity_id"])
        if old and old["version"] >= event["version"]:
            continue
        data = event["data"]
        new = {"title": data["title"], "status": data["status"], "priority": data["priority"], "version": event["version"]}
        branch = counted(branches.get(event["branch_id"]), old, new)
        project = counted(projects.get(event["project_id"]), old, new)
        tasks[event["entity_id"]] = new
        branches[event["branch_id"]] = branch
        projects[event["project_id"]] = project
        await output.send(key=event["project_id"].encode(), value={"id": event["id"], "task": new, "branch": branch, "project": project})
