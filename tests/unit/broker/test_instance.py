"""Laws of `instance.json`."""

from pathlib import Path

import pytest

from broker.instance import Instance, instance_path, read_instance, update_instance, write_instance
from schemas.failure import Failure


def test_nothing_announced_is_none(tmp_path: Path) -> None:
    """A directory where nothing was ever started has no instance."""
    assert read_instance(tmp_path / "missing") is None


def test_update_keeps_the_other_parts(tmp_path: Path) -> None:
    """Each part announces its own address; None takes it back."""
    write_instance(tmp_path, Instance(data=str(tmp_path), kafka="127.0.0.1:1", pid=7))
    update_instance(tmp_path, url="http://127.0.0.1:2")
    assert update_instance(tmp_path, kafka=None) == Instance(data=str(tmp_path), url="http://127.0.0.1:2", pid=7)
    assert read_instance(tmp_path) == Instance(data=str(tmp_path), url="http://127.0.0.1:2", pid=7)


def test_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    """A damaged file is named together with the way out."""
    instance_path(tmp_path).write_text("{", encoding="utf-8")
    with pytest.raises(Failure, match="delete it"):
        read_instance(tmp_path)
