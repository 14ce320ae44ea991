"""The peer: Quix Streams with the same pipeline, as its documentation teaches it.

One stateful step keyed by project: the state of a key (RocksDB, with its changelog) holds a row per task and branch and one for the
project; one message per event with the changed row and both summaries. It runs in an environment of its own
(`requirements-bench.lock`), whose versions are not ours.
"""

import os
from typing import Any

from quixstreams import Application, State

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


def fold(event: Row, state: State) -> Row | None:
    """Count one event into its rows; return its cascade, None for an old one."""
    task_key, branch_key = f"t/{event['entity_id']}", f"b/{event['branch_id']}"
    old = state.get(task_key)
    if old and old["version"] >= event["version"]:
        return None
    data = event["data"]
    new = {"title": data["title"], "status": data["status"], "priority": data["priority"], "version": event["version"]}
    branch, project = counted(state.get(branch_key), old, new), counted(state.get("p"), old, new)
    state.set(task_key, new)
    state.set(branch_key, branch)
    state.set("p", project)
    return {"id": event["id"], "task": new, "branch": branch, "project": project}


def main() -> None:
    """Run until SIGTERM."""
    app = Application(
        broker_address=os.environ["PEER_BOOTSTRAP"],
        consumer_group=os.environ["PEER_ID"],
        auto_offset_reset="earliest",
        state_dir=os.environ["PEER_DATA"],
        commit_interval=1.0,
        loglevel="WARNING",
    )
    source = app.topic(os.environ["PEER_SOURCE"], key_deserializer="str", value_deserializer="json")
    output = app.topic(os.environ["PEER_OUTPUT"], key_serializer="str", value_serializer="json")
    changed = app.dataframe(source).apply(fold, stateful=True)
    changed[changed.apply(lambda row: row is not None)].to_topic(output)
    app.run()


if __name__ == "__main__":
    main()
