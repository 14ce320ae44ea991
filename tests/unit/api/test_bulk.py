"""The encoded bulk answer."""

import json
from typing import Any

import pytest

from api.bulk import BulkCache, encode
from api.replica import Replica, read


def put(replica: Replica, kind: str, project_id: str, row_id: str, stamp: int, **fields: Any) -> None:  # noqa: ANN401  rows have all types
    """Put a row."""
    replica.put(kind, project_id, read(json.dumps({"id": row_id, "stamp": stamp} | fields).encode()))


@pytest.fixture
def replica() -> Replica:
    """Two projects, both with a branch `main`, one of them with more."""
    replica = Replica()
    for project_id in ("p", "q"):
        put(replica, "project", project_id, project_id, 1, degraded=int(project_id == "q"))
        put(replica, "branch", project_id, "main", 1)
    put(replica, "branch", "q", "old", 1, archived=True)
    put(replica, "branch", "q", "gone", 1, deleted=True)
    return replica


def test_an_answer_is_the_rows(replica: Replica) -> None:
    """Archived ones when asked for, deleted ones never; the second of two equal ids is named with its project."""
    encoded = encode(replica, ["p", "q", "none"], "e", 7, archived=False)
    answer = json.loads(encoded.body + b"}")
    assert set(answer["summaries"]) == {"main", "q/main"}
    assert set(answer["projects"]) == {"p", "q"}
    assert (encoded.degraded, encoded.generated_ms) == (["q"], 7)
    assert "old" in json.loads(encode(replica, ["q"], "e", 7, archived=True).body + b"}")["summaries"]
    put(replica, "project", "q", "q", 2, archived=True)
    assert set(json.loads(encode(replica, ["p", "q"], "e", 7, archived=False).body + b"}")["projects"]) == {"p"}


def test_the_key_is_a_hash_of_ids_and_stamps(replica: Replica) -> None:
    """Any row, any epoch, any other question changes it; nothing else does."""
    cache = BulkCache(replica, size=2)
    first, cached = cache.get(["p"], "e", archived=False, fresh=False)
    assert not cached
    assert cache.get(["p"], "e", archived=False, fresh=False) == (first, True)
    again, cached = cache.get(["p"], "e", archived=False, fresh=True)
    assert (again.key, cached) == (first.key, False)
    put(replica, "task", "p", "t", 2)
    assert cache.get(["p"], "e", archived=False, fresh=False)[1]
    put(replica, "branch", "p", "main", 3)
    moved, cached = cache.get(["p"], "e", archived=False, fresh=False)
    assert (moved.key != first.key, cached) == (True, False)
    keys = {
        encode(replica, *asked, 0, archived=archived).key
        for asked in ((["p"], "e"), (["p"], "f"), (["q"], "e"))
        for archived in (True, False)
    }
    assert len(keys) == 6
    for projects in (["q"], ["p", "q"]):
        cache.get(projects, "e", archived=False, fresh=False)
    assert not cache.get(["p"], "e", archived=False, fresh=False)[1]
