"""A whole running instance, as `anabranch up` starts it, and real histories as its input."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from api.auth import mint
from broker.ports import free_port
from broker.secrets import jwt_secret
from tests.e2e.made import make_histories

HISTORIES = Path(os.environ.get("ANABRANCH_TEST_HISTORIES", Path(__file__).resolve().parents[3] / "shared" / "histories"))
PATIENCE_S = 60
"""For one step, however busy the machine is."""
PATIENT = {"ANABRANCH_HTTP__BULK_CALLS": "1000000", "ANABRANCH_HTTP__POSITION_WAIT_S": str(PATIENCE_S)}
"""Of an edge: tests ask until they see what they wait for."""


@dataclass
class Command:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  because commands print different objects
        """The last line of its output, as JSON."""
        return json.loads(self.out.strip().splitlines()[-1])


@dataclass
class Running:
    """An `anabranch up` that answers, and commands against it."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    ready: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, timeout_s: float = 300) -> Command:
        """Run a command against the instance and wait for it."""
        return command(*arguments, "--data", str(self.data), timeout_s=timeout_s)

    def token(self, user: str, *projects: str) -> str:
        """Return a token for some projects, for all where none is named, as `anabranch token` prints it."""
        return mint(jwt_secret(self.data), user, projects or ("*",), 3600)

    def child(self, name: str) -> psutil.Process:
        """Return the running worker or edge."""
        found = self.children(name)
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def children(self, name: str) -> list[psutil.Process]:
        """Return the processes of a name that run now: none while one is started again."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                found += [process] if name in process.cmdline() else []
        return found

    def stop(self) -> int:
        """Press Ctrl-C and wait; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return self.process.wait(PATIENCE_S)


def command(*arguments: str, timeout_s: float = 300) -> Command:
    """Run `anabranch` as its user does."""
    done = subprocess.run([sys.executable, "-m", "cli.main", *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)
    return Command(done.returncode, done.stdout, done.stderr)


def start(data: Path, port: int | None = None) -> Running:
    """Start `anabranch up` and return it once it printed its ready object."""
    port = port or free_port()
    arguments = [sys.executable, "-m", "cli.main", "up", "--data", str(data), "--port", str(port), "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True, env=os.environ | PATIENT)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"up ended with {process.wait(5)}"
    return Running(data, port, process, json.loads(line))


@contextlib.contextmanager
def up(data: Path) -> Iterator[Running]:
    """Run an instance for as long as the context lasts."""
    running = start(data)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Running]:
    """Start a fresh instance on an empty directory."""
    with up(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="session")
def histories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Histories of task files as git repositories, `beads` and `task-master`: the real ones, else made ones."""
    folder = tmp_path_factory.mktemp("histories")
    bundles = sorted(HISTORIES.glob("*.bundle")) if HISTORIES.is_dir() else []
    if not bundles:
        return make_histories(folder)
    for bundle in bundles:
        subprocess.run(["git", "clone", "-q", "-b", "main", str(bundle), str(folder / bundle.stem)], check=True)
    return {path.name: path for path in folder.iterdir()}
