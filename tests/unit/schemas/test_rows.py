"""Rows have one form, carry the worker's memory beside the public part, and a deleted row is a tombstone."""

import msgspec
import pytest

from schemas.rows import ROW_TYPES, BranchSummary, Memory, TaskSummary, Tombstone, decode_memory, decode_row, encode_row, with_memory

BRANCH = BranchSummary(id="b", project_id="p", name="main", total_tasks=2, status_breakdown={"todo": 1, "done": 1}, stamp=7)
TOMBSTONE = Tombstone(id="b", project_id="p", stamp=9)
MEMORY = Memory(ids="0a0b", origins={"task-master:repo": 4})


def test_the_order_of_a_map_does_not_change_the_bytes() -> None:
    """The same content always gives the same bytes."""
    other = BranchSummary(id="b", project_id="p", name="main", total_tasks=2, status_breakdown={"done": 1, "todo": 1}, stamp=7)

    assert encode_row(other) == encode_row(BRANCH)


def test_memory_travels_beside_the_public_row() -> None:
    """Who reads the row does not see it; the worker does."""
    value = with_memory(encode_row(BRANCH), MEMORY)

    assert decode_row("branch", value) == BRANCH
    assert decode_memory(value) == MEMORY


def test_a_row_without_memory_remembers_nothing() -> None:
    """An older value is no error."""
    assert decode_memory(encode_row(BRANCH)) == Memory()


@pytest.mark.parametrize("kind", ROW_TYPES)
def test_a_deleted_row_of_any_kind_is_a_tombstone(kind: str) -> None:
    """With or without memory."""
    assert decode_row(kind, encode_row(TOMBSTONE)) == TOMBSTONE
    assert decode_row(kind, with_memory(encode_row(TOMBSTONE), MEMORY)) == TOMBSTONE


def test_a_title_that_looks_like_a_delete_is_a_title() -> None:
    """Only the field itself says that a row is deleted."""
    task = TaskSummary(id="t", project_id="p", branch_id="b", title='","deleted":true,"')
    odd = encode_row(task)[:-1] + b',"labels_of":{"deleted":true}}'

    assert decode_row("task", encode_row(task)) == task
    assert decode_row("task", odd) == task


@pytest.mark.parametrize(("kind", "value", "error"), [("colour", b"{}", KeyError), ("task", b"{}", msgspec.DecodeError)])
def test_what_is_no_row_is_refused(kind: str, value: bytes, error: type[Exception]) -> None:
    """An unknown kind and a row without its ids."""
    with pytest.raises(error):
        decode_row(kind, value)
