"""A new user's first minutes: up, import a real history, look, verify; stop, start again."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.e2e.conftest import PATIENCE_S, Running, command, start


def bulk(instance: Running) -> dict[str, Any]:
    """Return the edge's answer with everything."""
    token = instance.token("test")
    url, headers = f"{instance.ready['url']}/api/v2/branches/summaries/bulk", {"Authorization": f"Bearer {token}"}
    answer = httpx.post(url, json={}, headers=headers, trust_env=False, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_whole_path_on_a_real_history(instance: Running, histories: dict[str, Path]) -> None:
    """A history goes through every part; the recount agrees; a second import changes no row; tail shows the frames."""
    assert set(instance.ready) == {"url", "login_url", "private_url", "kafka", "data"}
    repository = str(histories["task-master"])
    imported = instance.run("import", "taskmaster", repository, "--history", "--project", "Task Master", "--json")
    assert imported.code == 0, imported.err
    verified = instance.run("verify", "--json")
    assert verified.code == 0, verified.out + verified.err
    before = bulk(instance)
    tasks = json.loads((histories["task-master"] / ".taskmaster/tasks/tasks.json").read_text())
    expected = {tag: len(content["tasks"]) for tag, content in tasks.items()}
    counted = {row["name"]: row["total_tasks"] for row in before["summaries"].values() if row["total_tasks"]}
    assert counted == {tag: count for tag, count in expected.items() if count}

    assert instance.run("import", "taskmaster", repository, "--history", "--project", "Task Master", "--json").code == 0
    assert instance.run("verify").code == 0
    again = bulk(instance)
    assert again["summaries"] == before["summaries"]
    assert again["projects"] == before["projects"]


def test_ctrl_c_keeps_the_data(tmp_path: Path, histories: dict[str, Path]) -> None:
    """Ctrl-C ends every process; the next start has the same counts."""
    first = start(tmp_path / "data")
    try:
        assert first.run("import", "taskmaster", str(histories["task-master"]), "--json").code == 0
        assert first.run("verify").code == 0
        rows = bulk(first)
        family = [first.process.pid, *(p.pid for p in psutil.Process(first.process.pid).children(recursive=True))]
    finally:
        code = first.stop()
    assert code == 0
    assert not [pid for pid in family if psutil.pid_exists(pid)]
    second = start(tmp_path / "data", first.port)
    try:
        assert bulk(second)["summaries"] == rows["summaries"]
        assert second.run("verify").code == 0
    finally:
        second.stop()


def test_tail_prints_live_frames(instance: Running, histories: dict[str, Path]) -> None:
    """`tail` shows the merged steps of an import while it runs: of tasks that its project does not have yet."""
    repository = str(histories["task-master"])
    assert instance.run("import", "beads", str(histories["beads"]), "--project", "Live", "--json").code == 0
    assert instance.run("verify").code == 0
    arguments = [sys.executable, "-m", "cli.main", "tail", "Live", "--json", "--data", str(instance.data)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as tail:
        try:
            assert tail.stdout is not None
            kinds = []
            while "subscribed" not in kinds:
                kinds.append(json.loads(tail.stdout.readline())["payload"]["action"])
            assert instance.run("import", "taskmaster", repository, "--history", "--project", "Live", "--json").code == 0
            deadline = time.monotonic() + PATIENCE_S
            types: set[str] = set()
            while "bulk" not in types and time.monotonic() < deadline:
                frame = json.loads(tail.stdout.readline())
                if frame["sequence"] and frame["payload"]["action"] != "snapshot":
                    types.add(frame["type"])
        finally:
            tail.terminate()
    assert "bulk" in types


def test_what_goes_wrong_is_one_sentence(tmp_path: Path) -> None:
    """Commands without an instance, on a wrong path or a wrong address say what to do, without a stack trace."""
    data = str(tmp_path / "none")
    for arguments, code in (
        (("verify", "--data", data), 2),
        (("tail", "p", "--data", data), 2),
        (("import", "taskmaster", str(tmp_path), "--kafka", "127.0.0.1:9"), 2),
        (("token", "--user", "u", "--data", data), 2),
        (("token", "--user", "u", "--all", "--ttl", "soon", "--data", data), 2),
        (("bench", "nothing"), 2),
    ):
        done = command(*arguments)
        assert done.code == code, (arguments, done)
        assert done.err.startswith("anabranch: "), (arguments, done.err)
        assert "Traceback" not in done.err
        assert len(done.err.strip().splitlines()) == 1, (arguments, done.err)
