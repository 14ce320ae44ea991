"""The encoded bulk answer."""

import gzip
import json
from typing import Any

import pytest

from api.bulk import Answer, BulkCache, Parts, compose
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


def ask(replica: Replica, projects: list[str], epochs: str = "e", *, archived: bool = False) -> Answer:
    """Return an answer that knows nothing of the ones before."""
    return compose(Parts(replica), projects, epochs, 7, archived=archived)


def content(answer: Answer) -> Any:  # noqa: ANN401  because it is JSON
    """Return what an answer says, which is the same packed or not."""
    plain = b"".join(answer.plain(b"}"))
    assert answer.size == len(plain) - 1
    assert gzip.decompress(b"".join(answer.packed(b"}"))) == plain
    return json.loads(plain)


def test_an_answer_is_the_rows(replica: Replica) -> None:
    """Archived ones when asked for, deleted ones never; the second of two equal ids is named with its project."""
    answer = ask(replica, ["p", "q", "none"])
    assert set(content(answer)["summaries"]) == {"main", "q/main"}
    assert set(content(answer)["projects"]) == {"p", "q"}
    assert (answer.degraded, answer.generated_ms) == (["q"], 7)
    assert "old" in content(ask(replica, ["q"], archived=True))["summaries"]
    put(replica, "project", "q", "q", 2, archived=True)
    assert set(content(ask(replica, ["p", "q"]))["projects"]) == {"p"}
    assert content(ask(replica, [])) == {"summaries": {}, "projects": {}}


def test_projects_without_branches_leave_no_gap(replica: Replica) -> None:
    """Wherever they stand among the others."""
    for project_id in ("a", "pp", "z"):
        put(replica, "project", project_id, project_id, 1)
    answer = content(ask(replica, ["a", "p", "pp", "q", "z"]))
    assert (set(answer["summaries"]), set(answer["projects"])) == ({"main", "q/main"}, {"a", "p", "pp", "q", "z"})


def test_only_what_changed_is_made_again(replica: Replica) -> None:
    """The part of a project is the same object as long as none of its rows changes, whoever asks; a fresh answer makes all anew."""
    cache = BulkCache(replica)
    put(replica, "branch", "q", "second", 1)
    both, _ = cache.get(["p", "q"], "e", archived=False, fresh=False)
    put(replica, "branch", "p", "main", 5, name="new")
    put(replica, "branch", "q", "main", 2, deleted=True)
    after, cached = cache.get(["p", "q"], "e", archived=False, fresh=False)
    assert not cached
    assert content(after)["summaries"]["main"]["name"] == "new"
    alone, _ = cache.get(["q"], "e", archived=False, fresh=False)
    assert alone.texts[1] is after.texts[3]
    assert after.texts[3] is not both.texts[3]
    fresh, _ = cache.get(["q"], "e", archived=False, fresh=True)
    assert fresh.texts[1] is not alone.texts[1]
    assert fresh.key == alone.key


def test_parts_of_what_is_gone_are_let_go() -> None:
    """So that memory is bounded by what there is."""
    replica = Replica()
    parts = Parts(replica)
    for number in range(1000):
        put(replica, "project", f"p{number}", f"p{number}", 1)
        assert parts.of(f"p{number}", archived=False) is not None
        put(replica, "project", f"p{number}", f"p{number}", 2, deleted=True)
    assert parts.of("p1", archived=False) is None
    assert parts.size < 200


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
        ask(replica, *asked, archived=archived).key for asked in ((["p"], "e"), (["p"], "f"), (["q"], "e")) for archived in (True, False)
    }
    assert len(keys) == 6
    for projects in (["q"], ["p", "q"]):
        cache.get(projects, "e", archived=False, fresh=False)
    assert not cache.get(["p"], "e", archived=False, fresh=False)[1]
