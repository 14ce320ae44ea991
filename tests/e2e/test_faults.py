"""Faults in the middle of an import: nothing is lost and nothing is counted twice."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.e2e.conftest import PATIENCE_S, Running

STILL_S = 20
T = TypeVar("T")


def importing(instance: Running, repository: Path) -> subprocess.Popen[str]:
    """Start an import of the whole history."""
    arguments = [sys.executable, "-m", "cli.main", "import", "beads", str(repository), "--history", "--json", "--data", str(instance.data)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def tasks_of(instance: Running, token: str) -> int:
    """Return how many tasks the edge counts now."""
    url, headers = f"{instance.ready['url']}/api/v2/branches/summaries/bulk", {"Authorization": f"Bearer {token}"}
    answer = httpx.post(url, json={}, headers=headers, trust_env=False, timeout=PATIENCE_S)
    return sum(row["total_tasks"] for row in answer.json().get("projects", {}).values())


@pytest.mark.timeout(300)
def test_a_killed_worker_counts_every_event_once(instance: Running, histories: dict[str, Path]) -> None:
    """A worker is killed by -9 in the middle of an import, twice; the worker is started again and the recount agrees with every row."""
    token = instance.token("test")
    with importing(instance, histories["beads"]) as running:
        for _ in range(2):
            seen = tasks_of(instance, token)
            deadline = time.monotonic() + 30
            while tasks_of(instance, token) == seen and running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            kill_worker(instance)
        assert running.wait(240) == 0
    verified = instance.run("verify", "--json")
    assert verified.code == 0, verified.out[-3000:] + verified.err


@pytest.mark.timeout(300)
def test_a_stopped_broker_is_waited_for(instance: Running, histories: dict[str, Path]) -> None:
    """Kafka stands still for 20 s: worker and edge wait, say so, and go on."""
    repository = str(histories["task-master"])
    broker = instance.child("kafka.Kafka")
    broker.send_signal(signal.SIGSTOP)
    since = time.monotonic()
    try:
        for part, word in (("worker", "kafka_unreachable"), ("edge", "edge_stale")):
            until(lambda: word in said_by(instance, part))  # noqa: B023  called at once
        time.sleep(max(0.0, since + STILL_S - time.monotonic()))
    finally:
        broker.send_signal(signal.SIGCONT)
    assert instance.run("import", "taskmaster", repository, "--history", "--json").code == 0
    verified = instance.run("verify", "--json")
    assert verified.code == 0, verified.out[-3000:] + verified.err
    for part, word in (("worker", "kafka_back"), ("edge", "edge_live")):
        assert word in said_by(instance, part), part


def kill_worker(instance: Running) -> None:
    """Kill the worker by -9, once there is one, and wait until it is gone."""
    worker, *_ = until(lambda: instance.children("worker"))
    worker.kill()
    until(lambda: worker not in instance.children("worker"))


def said_by(instance: Running, part: str) -> str:
    """Return the log of a part."""
    return (instance.data / "logs" / f"{part}.log").read_text()


def until(found: Callable[[], T]) -> T:
    """Wait until there is something; return it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (what := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what
