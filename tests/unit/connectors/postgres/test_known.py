"""What the connector knows, and when it is kept."""

from pathlib import Path

import pytest

from connectors.postgres.known import Known, Memory
from schemas.events import Fields
from schemas.failure import Failure, UsageFailure

ROW = Known("task", "t", "b", "p", Fields(title="T"))


def test_what_was_committed_is_there_again_and_nothing_else(tmp_path: Path) -> None:
    """Rows and notes together; what was undone or cut off never was."""
    memory = Memory(tmp_path / "a" / "m.sqlite")
    memory.put(ROW)
    memory.write(lsn=7)
    memory.commit()
    memory.drop("task", "t")
    memory.write(lsn=8)
    memory.rollback()
    memory.write(lsn=9)
    memory.close()
    again = Memory(tmp_path / "a" / "m.sqlite")
    assert (again.get("task", "t"), again.number("lsn"), again.note("none"), again.number("none")) == (ROW, 7, None, 0)
    assert (again.below("task", "b"), again.below("task", "c"), again.get("branch", "t")) == ([ROW], [], None)
    again.forget()
    assert (again.get("task", "t"), again.number("lsn")) == (None, 0)


def test_generations_tell_what_a_snapshot_did_not_see() -> None:
    """A row is of the generation that put it last."""
    memory = Memory(None)
    memory.put(ROW)
    memory.put(Known("task", "u", "b", "p", Fields()))
    memory.generation = 1
    memory.put(ROW)
    assert (list(memory.ids("task", unseen=True)), list(memory.ids("task"))) == (["u"], ["t", "u"])


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """The second is told; a file that is no memory too."""
    path = tmp_path / "m.sqlite"
    memory = Memory(path)
    with pytest.raises(UsageFailure, match="Another process works with"):
        Memory(path)
    memory.close()
    path.write_text("no database, and longer than a header of sqlite is " * 10)
    with pytest.raises(Failure, match="--restart"):
        Memory(path)
