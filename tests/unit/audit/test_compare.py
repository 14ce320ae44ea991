"""Each difference is found and named; agreement is counted."""

import json
from typing import Any

import msgspec
import pytest

from audit.compare import Verdict, compare_edge, compare_state
from audit.fold import Fold
from audit.intake import Record
from audit.tally import Expected
from schemas.rows import Memory, Tombstone, encode_row, with_memory
from schemas.topics import row_key

MS = 1_780_000_000_000


@pytest.fixture
def expected() -> Expected:
    """Return a project with two branches, one task and one deleted task."""
    fold = Fold()
    for offset, (row_id, action, branch_id) in enumerate((("t", "create", "b"), ("u", "create", "c"), ("u", "delete", "c"))):
        event = {"id": f"e{offset}", "entity": "task", "action": action, "project_id": "p", "entity_id": row_id, "branch_id": branch_id}
        fold.take(Record(offset, MS, b"p", json.dumps({**event, "occurred_at": "2026-01-01", "source": "user"}).encode()))
    return Expected(fold)


@pytest.fixture
def found(expected: Expected) -> dict[bytes, bytes]:
    """Return the same rows as the worker writes them, with its memory."""
    return {row_key(*key): with_memory(encode_row(row), Memory(ids="ab")) for key, row in expected.rows.items()}


def test_equal_rows_agree_whatever_the_worker_remembers(expected: Expected, found: dict[bytes, bytes]) -> None:
    """Private memory and rows of other kinds are not compared."""
    verdict = Verdict("task-state")
    compare_state(expected, {**found, b"unknown/p/x": b"{}"}, verdict)
    assert verdict.differences == []
    assert verdict.rows == verdict.agree == {"project": 1, "branch": 2, "task": 2}


def test_each_difference_is_named(expected: Expected, found: dict[bytes, bytes]) -> None:
    """A wrong field, a missing row, a row too many, a live row that should be deleted, and what is no row."""
    found[b"branch/p/b"] = found[b"branch/p/b"].replace(b'"total_tasks":1', b'"total_tasks":2')
    del found[b"project/p/p"]
    found[b"task/p/more"] = encode_row(Tombstone(id="more", project_id="p", stamp=1))
    found[b"task/p/u"] = found[b"task/p/t"]
    found[b"branch/p/c"] = b"[]"
    verdict = Verdict("task-state")
    compare_state(expected, found, verdict)
    named = {(one.key, one.field): (one.expected, one.found) for one in verdict.differences}
    assert named.pop(("branch/p/c", "row"))[1].startswith("not a row")
    assert named == {
        ("branch/p/b", "total_tasks"): (1, 2),
        ("project/p/p", "row"): ("a live row with stamp 2", "no row"),
        ("task/p/more", "row"): ("no row", "a tombstone with stamp 1"),
        ("task/p/u", "row"): ("a tombstone with stamp 2", "a live row with stamp 0"),
    }
    assert verdict.agree == {"task": 1}


def test_the_edge_is_compared_by_project_and_branch(expected: Expected) -> None:
    """Rows newer than the recount are left out; a missing branch and a wrong count are differences."""
    project, one, other = (
        msgspec.to_builtins(expected.rows[key]) for key in (("project", "p", "p"), ("branch", "p", "b"), ("branch", "p", "c"))
    )
    verdict = Verdict("edge")
    compare_edge([expected], bulk(project, {"b": one, "p/c": other}, 3), {"p": 3}, verdict)
    assert verdict.differences == []
    assert verdict.agree == {"project": 1, "branch": 2}

    wrong = {"b": {**one, "total_tasks": 9}, "new": {**one, "id": "new", "stamp": 3}}
    verdict = Verdict("edge")
    compare_edge([expected], bulk({**project, "stamp": 5, "total_tasks": 9}, wrong, 3), {"p": 3}, verdict)
    assert [(diff.key, diff.field) for diff in verdict.differences] == [("branch/p/b", "total_tasks"), ("branch/p/c", "row")]
    assert verdict.skipped == 2


def test_a_row_that_an_edge_ahead_of_the_recount_lacks_may_be_deleted(expected: Expected) -> None:
    """It is left out, not called a difference."""
    verdict = Verdict("edge")
    compare_edge([expected], bulk(msgspec.to_builtins(expected.rows["project", "p", "p"]), {}, 4), {"p": 3}, verdict)
    assert verdict.differences == []
    assert verdict.skipped == 2


def bulk(project: dict[str, Any], summaries: dict[str, Any], position: int) -> dict[str, Any]:
    """Return a bulk answer about project p."""
    positions = {"p": {"epoch": "e", "sequence": 1, "position": {"partition": 0, "offset": position}}}
    return {"projects": {"p": project}, "summaries": summaries, "metadata": {"positions": positions}}
