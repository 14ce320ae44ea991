"""One event applied: the decision about its row comes before what its entity means."""

import pytest

from schemas.words import ENTITIES
from streams.domain.digest import HASH_CHARS
from tests.property.streams.world import Worker
from tests.unit.streams.domain.scene import event, record, row, tell


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if entity != "project"])
@pytest.mark.parametrize("action", ["create", "update", "patch", "delete"])
def test_nothing_lives_in_a_deleted_project(entity: str, action: str) -> None:
    """Every event below a deleted project is dropped and counted, until a create revives the project."""
    worker = Worker()
    tell(worker, event("project"), event("task t", branch_id="b"), event("subtask s", task_id="t"), event("project", "delete"))
    before = dict(worker.store.values)

    result = worker.take([record(4, event(f"{entity} x", action))])

    assert result.counts == {"orphan": 1}
    assert {key: value for key, value in worker.store.values.items() if key[:6] != b"offset"} == {
        key: value for key, value in before.items() if key[:6] != b"offset"
    }
    tell(worker, event("project", id="again"), event(f"{entity} x", task_id="t", id="2", branch_id="new"))
    assert not hasattr(row(worker, "project"), "deleted")


@pytest.mark.parametrize("entity", ["task", "context", "member"])
def test_a_revived_row_begins_a_new_life(entity: str) -> None:
    """Nothing of the life before the delete is left but what the row remembers."""
    worker = Worker()
    tell(worker, event(f"{entity} x", data={"title": "old", "level": "branch", "role": "owner"}), event(f"{entity} x", "delete"))
    tell(worker, event(f"{entity} x", id="new"))

    revived = row(worker, f"{entity} x")
    assert revived.stamp == 2
    assert getattr(revived, "title", "") == ""
    assert getattr(revived, "role", "viewer") == "viewer"
    node = worker.store.get(f"{entity}/p/x".encode())
    assert node is not None
    assert len(node.memory.ids) == 3 * HASH_CHARS
