"""Each difference is found and named; agreement is counted."""

import json

import msgspec
import pytest

from audit.compare import Verdict, compare_edge, compare_state
from audit.fold import Fold
from audit.intake import Record
from audit.log import StateCut
from audit.tally import Expected
from schemas.rows import Memory, OffsetRow, Tombstone, encode_row, with_memory
from schemas.topics import offset_key, row_key

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
    return {row_key(*key): with_memory(encode_row(row), Memory(seen=[1])) for key, row in expected.rows.items()}


def test_equal_rows_agree_whatever_the_worker_remembers(expected: Expected, found: dict[bytes, bytes]) -> None:
    """Private memory and rows of other kinds are not compared."""
    verdict = Verdict("task-state")
    compare_state(expected, {**found, b"member/p/x": b"{}", b"activity/p/x": b"{}"}, verdict)
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
    rows = {key: msgspec.to_builtins(row) for key, row in expected.rows.items()}
    answer = {"projects": {"p": rows["project", "p", "p"]}, "summaries": {"b": rows["branch", "p", "b"], "p/c": rows["branch", "p", "c"]}}
    verdict = Verdict("edge")
    compare_edge([expected], answer, {"p": 3}, verdict)
    assert verdict.differences == []
    assert verdict.agree == {"project": 1, "branch": 2}

    answer["summaries"] = {
        "b": {**rows["branch", "p", "b"], "total_tasks": 9},
        "new": {**rows["branch", "p", "b"], "id": "new", "stamp": 3},
    }
    answer["projects"]["p"] = {**rows["project", "p", "p"], "stamp": 5, "total_tasks": 9}
    verdict = Verdict("edge")
    compare_edge([expected], answer, {"p": 3}, verdict)
    assert [(one.key, one.field) for one in verdict.differences] == [("branch/p/b", "total_tasks"), ("branch/p/c", "row")]
    assert verdict.skipped == 2


def row(stamp: int) -> bytes:
    """Return a row with a stamp."""
    return encode_row(Tombstone(id="t", project_id="p", stamp=stamp))


def through(offset: int) -> bytes:
    """Return an `offset` row."""
    return encode_row(OffsetRow(partition=0, through=offset))


def test_a_cut_holds_the_newest_value_below_through() -> None:
    """Rows of a step that is still being written wait; a crash's half step does not hide the value before it."""
    cut = StateCut(0)
    for key, value in ((b"task/p/t", row(1)), (offset_key(0), through(2)), (b"task/p/t", row(9)), (b"epoch/0", b"{}")):
        cut.take(key, value)
    assert cut.rows == {b"task/p/t": row(1)}
    cut.take(b"task/p/t", row(3))
    cut.take(offset_key(0), through(5))
    assert (cut.through, cut.rows) == (5, {b"task/p/t": row(3)})
    cut.take(b"task/p/t", None)
    cut.take(offset_key(0), through(10))
    assert cut.rows == {}


def test_a_row_that_no_event_accounts_for_is_seen_in_the_end() -> None:
    """When the log has nothing beyond `through`, a greater stamp is a mistake, not the future."""
    cut = StateCut(0)
    for key, value in ((b"task/p/t", row(1)), (offset_key(0), through(2)), (b"task/p/t", row(9))):
        cut.take(key, value)
    cut.settle(everything=True)
    assert cut.rows == {b"task/p/t": row(9)}
