"""Writing with all parts running: decided by the worker, read back at once at any edge, applied once however often it is sent."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.auth import mint
from broker.secrets import jwt_secret
from tests.e2e.conftest import PATIENCE_S, PATIENT, Running, up

Json = dict[str, Any]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one instance for all tests that need it as it comes; each works in a project of its own."""
    with up(tmp_path_factory.mktemp("writes") / "data") as running:
        yield running


@contextmanager
def second_edge(instance: Running) -> Iterator[str]:
    """Run one more edge on the instance's Kafka; gives its address once it answers."""
    arguments = [
        sys.executable,
        "-m",
        "cli.main",
        "edge",
        "--data",
        str(instance.data),
        "--kafka",
        instance.ready["kafka"],
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=os.environ | PATIENT) as process:
        assert process.stdout is not None
        try:
            addresses = json.loads(process.stdout.readline())
            while True:
                try:
                    if httpx.get(f"{addresses['private_url']}/readyz", trust_env=False, timeout=PATIENCE_S).status_code == 200:
                        break
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
            yield addresses["url"]
        finally:
            process.terminate()


def client(instance: Running, url: str, user: str = "alice", scope: str | None = None) -> httpx.Client:
    """Return a client of an edge."""
    token = mint(jwt_secret(instance.data), user, ["*"], 3600, scope)
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}", "Prefer": "wait=30"}, trust_env=False, timeout=60)


def task(action: str, **fields: object) -> Json:
    """Return a change of one task."""
    return {"entity": "task", "action": action, "project_id": "p", "entity_id": "t", "branch_id": "b"} | fields


def of_rights(action: str, **fields: object) -> Json:
    """Return a change of a task of the project whose members change."""
    return task(action, project_id="rights", **fields)


def written(http: httpx.Client, change: Json) -> Json:
    """Write a change and return what became of it."""
    answer = http.post("/api/v2/changes", json=change)
    assert answer.status_code == 200, answer.text
    one: Json = answer.json()["changes"][0]
    return one


def test_a_write_is_decided_read_back_and_applied_once(shared: Running) -> None:
    """Through either edge: applied, conflict by stamp, duplicate; `min_position` shows it in bulk, tasks and views at the other one."""
    with second_edge(shared) as url, client(shared, shared.ready["url"]) as one, client(shared, url) as two:
        made = written(one, task("create", id="create-1", data={"title": "T"}))
        assert made["outcome"] == "applied"
        place = f"{made['position']['partition']}:{made['position']['offset']}"
        bulk = two.post("/api/v2/branches/summaries/bulk", json={"min_position": made["position"]}).json()
        assert bulk["projects"]["p"]["total_tasks"] == 1
        (row,) = two.get("/api/v2/projects/p/tasks", params={"min_position": place}).json()["tasks"]
        (seen,) = two.get("/api/v2/views/tasks", params={"min_position": place, "project_id": "p"}).json()["rows"]
        assert (row["title"], seen["title"], row["stamp"]) == ("T", "T", seen["stamp"])
        again = written(two, task("create", id="create-1", data={"title": "T"}))
        assert again["outcome"] == "duplicate"
        changed = written(two, task("patch", if_stamp=row["stamp"], data={"status": "done"}))
        late = written(one, task("patch", if_stamp=row["stamp"], data={"status": "blocked"}))
        assert (changed["outcome"], late["outcome"], bool(late["error"])) == ("applied", "rejected", True)
        unknown = written(one, task("patch", entity_id="nobody", data={"status": "done"}))
        assert unknown["outcome"] == "rejected"
        place = f"{unknown['position']['partition']}:{unknown['position']['offset']}"
        after = one.get("/api/v2/projects/p/tasks", params={"min_position": place})
        assert [(found["status"], found["id"]) for found in after.json()["tasks"]] == [("done", "t")]


@pytest.mark.parametrize("on", [True, False])
def test_what_agents_change_is_merged_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, on: bool) -> None:
    """FEATURE_AI_BATCH: one frame for many changes, or one for each; the same rows in the end."""
    monkeypatch.setenv("FEATURE_AI_BATCH", "true" if on else "false")
    with up(tmp_path / "data") as running, client(running, running.ready["url"], "robot", "source") as http:
        changes = [task("create", entity_id=f"t{number}", source="mcp-ai", data={"title": "T"}) for number in range(200)]
        answer = http.post("/api/v2/changes", json=changes, headers={"Prefer": "wait=0"})
        (place,) = answer.json()["positions"]
        bulk = http.post("/api/v2/branches/summaries/bulk", json={"min_position": place}).json()
        assert bulk["projects"]["p"]["total_tasks"] == 200
        frames: list[Json] = []
        sequence = bulk["metadata"]["positions"]["p"]["epoch"] + ":0"
        while sum(len(found(frame)) for frame in frames) < 200:
            polled = http.get("/api/v2/changes", params={"stream": "project:p", "since": sequence})
            frames = polled.json() if polled.status_code == 200 else []
        merged = [frame for frame in frames if frame["type"] == "bulk"]
        assert (len(frames) < 20, bool(merged)) == (on, on), len(frames)


def found(frame: Json) -> list[Any]:
    """Return the changes of a frame."""
    primary = frame["payload"]["data"]["primary"]
    return primary if isinstance(primary, list) else [primary]


def test_rights_follow_the_log(shared: Running) -> None:
    """The first owner is named by whom the token lets; then the owner names others, and a removed member is out, with all parts running."""
    url = shared.ready["url"]
    token = mint(jwt_secret(shared.data), "editor", [], 3600)
    with (
        client(shared, url) as founder,
        httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}", "Prefer": "wait=30"}, trust_env=False, timeout=60
        ) as editor,
    ):
        written(founder, of_rights("create", data={"title": "T"}))
        assert editor.get("/api/v2/projects/rights/tasks").status_code == 404

        def member(http: httpx.Client, user: str, role: str | None) -> int:
            data = {"data": {"role": role}} if role else {}
            change = {"entity": "member", "action": "create" if role else "delete", "project_id": "rights", "entity_id": user} | data
            return http.post("/api/v2/changes", json=change).status_code

        assert (member(founder, "alice", "owner"), member(founder, "editor", "editor")) == (200, 200)
        assert (editor.get("/api/v2/projects/rights/tasks").status_code, member(editor, "friend", "editor")) == (200, 403)
        assert written(editor, of_rights("patch", data={"status": "done"}))["outcome"] == "applied"
        assert member(founder, "editor", None) == 200
        assert (
            editor.get("/api/v2/projects/rights/tasks").status_code,
            editor.post("/api/v2/changes", json=of_rights("patch")).status_code,
        ) == (
            404,
            404,
        )
