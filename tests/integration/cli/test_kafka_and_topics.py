"""`anabranch kafka` and `anabranch topics` as a person or a script calls them."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from broker.embedded import EmbeddedKafka
from broker.instance import read_instance

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 100


def _anabranch(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=TIMEOUT_S
    )


def _sentence(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    """Return the one line that a failed command wrote."""
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@pytest.fixture
def running(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """`anabranch kafka --json` on a data directory, and its ready object."""
    assert kafka.pid is not None
    command = [sys.executable, "-m", "cli.main", "kafka", "--data", str(tmp_path), "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_told_to_stop(running: tuple["subprocess.Popen[str]", dict[str, Any]], tmp_path: Path, number: signal.Signals) -> None:
    """One ready object, findable by the data directory while it runs; afterwards no process and no announcement is left."""
    process, ready = running
    assert ready.keys() == {"kafka", "data", "pid", "log"}
    instance = read_instance(tmp_path)
    assert instance is not None
    assert (instance.kafka, instance.data) == (ready["kafka"], ready["data"])
    process.send_signal(number)
    assert process.wait(TIMEOUT_S) == 0
    assert not psutil.pid_exists(ready["pid"])
    assert read_instance(tmp_path) is None
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_killed_broker_ends_the_command(running: tuple["subprocess.Popen[str]", dict[str, Any]]) -> None:
    """When the broker dies by itself, the command says so and exits with 1."""
    process, ready = running
    psutil.Process(ready["pid"]).kill()
    assert process.wait(TIMEOUT_S) == 1
    assert process.stderr is not None
    assert "killed by SIGKILL" in json.loads(process.stderr.read())["error"]


def test_second_start_is_refused(running: tuple["subprocess.Popen[str]", dict[str, Any]], tmp_path: Path) -> None:
    """A data directory in use is one sentence, with the address of what runs there."""
    assert running[1]["kafka"] in _sentence(_anabranch("kafka", "--data", str(tmp_path)), 1)


def test_topics_are_planned_and_applied(running: tuple["subprocess.Popen[str]", dict[str, Any]], tmp_path: Path) -> None:
    """By the data directory alone: plan, apply, nothing left to do, and a refusal that changes nothing."""
    assert running
    data = ("--data", str(tmp_path))
    planned = json.loads(_anabranch("topics", "plan", *data, "--json").stdout)
    assert {action["action"] for action in planned["actions"]} == {"create"}
    applied = json.loads(_anabranch("topics", "apply", *data, "--json").stdout)
    assert len(applied["created"]) == 4
    assert applied["epoch"]
    assert "Nothing to do" in _anabranch("topics", "apply", *data).stdout
    refused = _anabranch("topics", "plan", *data, "--profile", "prod", "--json")
    assert refused.returncode == 1
    assert {action["action"] for action in json.loads(refused.stdout)["actions"]} == {"refuse"}
    assert "partitions cannot be changed" in _sentence(_anabranch("topics", "apply", *data, "--profile", "prod"), 1)
    assert _anabranch("topics", "plan", *data).stdout.count("keep") == 4
    assert "No difference" in _anabranch("topics", "verify", *data).stdout
    differing = _anabranch("topics", "verify", *data, "--profile", "prod", "--json")
    assert differing.returncode == 1
    found = {(one["topic"], one["what"]): (one["found"], one["wanted"]) for one in json.loads(differing.stdout)["differences"]}
    assert found["task-changes", "partitions"] == ("4", "12")
    assert found["cascades", "min.insync.replicas"] == ("1", "2")
    said = _anabranch("topics", "verify", *data, "--profile", "prod").stdout.splitlines()
    assert said[-1] == f"{len(found)} differences."
    assert len(said) == len(found) + 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("topics", "plan", "--kafka", "127.0.0.1:1"), 1, "No Kafka answers at 127.0.0.1:1"),
        (("topics", "apply", "--kafka", "nowhere"), 2, "must be HOST:PORT"),
        (("topics", "plan", "--data", "/nonexistent"), 2, "No instance runs on"),
        (("kafka", "--data", "/dev/null"), 1, "/dev/null"),
    ],
)
def test_trouble_is_one_sentence(arguments: tuple[str, ...], code: int, words: str) -> None:
    """What a person did wrong, or what is missing, is said in one line, with 2 for usage and 1 for trouble."""
    assert words in _sentence(_anabranch(*arguments), code)
