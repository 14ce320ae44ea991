"""A place where the commands of the documentation can run: a running instance, and a repository with a task file."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.sample import sample_repository

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder like a clone after `make up`: `.venv`, a running instance on `.anabranch`, and the repository `my-project`."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    sample_repository(folder / "my-project")
    arguments = [sys.executable, "-m", "cli.main", "up", "--data", str(folder / ".anabranch"), "--json"]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["url"]
            yield folder
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
