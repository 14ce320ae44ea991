"""Laws of `instance.json`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker.instance import Instance, instance_path, read_instance, remove_instance, update_instance, write_instance
from schemas.failure import Failure


def test_nothing_announced_is_none(tmp_path: Path) -> None:
    """A directory where nothing was ever started has no instance."""
    assert read_instance(tmp_path / "missing") is None


def test_update_keeps_the_other_parts(tmp_path: Path) -> None:
    """Each part announces its own address; None takes it back."""
    write_instance(tmp_path, Instance(data=str(tmp_path), kafka="127.0.0.1:1", pid=os.getpid()))
    update_instance(tmp_path, url="http://127.0.0.1:2")
    assert update_instance(tmp_path, kafka=None) == Instance(data=str(tmp_path), url="http://127.0.0.1:2", pid=os.getpid())
    assert read_instance(tmp_path) == Instance(data=str(tmp_path), url="http://127.0.0.1:2", pid=os.getpid())


def test_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    """A damaged file is named together with the way out."""
    instance_path(tmp_path).write_text("{", encoding="utf-8")
    with pytest.raises(Failure, match="delete it"):
        read_instance(tmp_path)


def test_killed_announcer_is_nothing(tmp_path: Path) -> None:
    """What a killed process announced does not run, so the next start is not refused."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    write_instance(tmp_path, Instance(data=str(tmp_path), pid=gone.pid))
    assert read_instance(tmp_path) is None


def test_number_used_again_is_nothing(tmp_path: Path) -> None:
    """A process that started after the announcement is another one with the same number."""
    write_instance(tmp_path, Instance(data=str(tmp_path), pid=os.getpid()))
    os.utime(instance_path(tmp_path), (1, 1))
    assert read_instance(tmp_path) is None


def test_removed_is_nothing(tmp_path: Path) -> None:
    """A stopped instance leaves nothing, and stopping twice is the same."""
    write_instance(tmp_path, Instance(data=str(tmp_path)))
    remove_instance(tmp_path)
    remove_instance(tmp_path)
    assert read_instance(tmp_path) is None
