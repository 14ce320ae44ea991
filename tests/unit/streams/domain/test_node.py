"""Rows and their bytes."""

import msgspec
import pytest

from schemas.rows import ROW_TYPES, BranchSummary, Memory, ProjectSummary, SubtaskSummary, TaskSummary, Tombstone, decode_memory, decode_row
from schemas.topics import offset_key, row_key
from streams.domain.node import Node, child_hints, decode_node, editable, encode_node, kind_of, public_bytes, shown_row, stamp_of

ONE = "01234567890abc"
TASK = Node(TaskSummary(id="t/1", project_id="p", branch_id="b", stamp=4), Memory(ids=ONE, former=("a",)))
BRANCH = Node(
    BranchSummary(id="b", project_id="p", name="b", stamp=4, status_breakdown={"todo": 1}, priority_breakdown={"low": 1}), Memory()
)
GRAVE = Node(Tombstone(id="t/1", project_id="p", stamp=9), Memory(deleted_ms=5, former=("a", "b")))
MANY = {f"own-{number:02}": 1 for number in range(18)}


def wide(statuses: dict[str, int], priorities: dict[str, int]) -> Node:
    """Return a project's node with these breakdowns."""
    return Node(ProjectSummary(id="p", name="p", stamp=4, status_breakdown=statuses, priority_breakdown=priorities), Memory(ids=ONE))


@pytest.mark.parametrize(
    ("kind", "node"),
    [("task", TASK), ("branch", BRANCH), ("task", GRAVE), ("project", wide(MANY, {"low": 18})), ("project", wide({"todo": 18}, MANY))],
)
def test_a_stored_node_comes_back(kind: str, node: Node) -> None:
    """Decoding what was encoded gives the same row with whole breakdowns and the same memory, and the same bytes again."""
    key = row_key(kind, "p", node.row.id)
    value = encode_node(node)

    again = decode_node(key, value)

    assert (again.row, again.memory) == (node.row, node.memory)
    assert encode_node(again) == value
    assert value.startswith(public_bytes(node)[:-1])
    assert stamp_of(key, value) == node.row.stamp
    assert again.deleted is isinstance(node.row, Tombstone)


def test_readers_see_sixteen_names() -> None:
    """The public row is cut; what was cut off is in the memory."""
    value = encode_node(wide(MANY, {"low": 18}))

    row = decode_row("project", value)
    assert isinstance(row, ProjectSummary)
    assert len(row.status_breakdown) == 17
    assert row.status_breakdown["other"] == 2
    assert decode_memory(value).statuses == MANY
    assert shown_row(TASK.row) is TASK.row
    assert shown_row(BRANCH.row) is BRANCH.row


def test_an_editable_copy_is_apart() -> None:
    """Changing a copy in place changes nothing of the lender's node."""
    before = msgspec.json.encode(BRANCH.row)
    copy = editable(BRANCH)
    assert isinstance(copy.row, BranchSummary)
    copy.row.total_tasks = 7
    copy.row.status_breakdown["done"] = 1
    copy.row.priority_breakdown.clear()

    assert msgspec.json.encode(BRANCH.row) == before
    assert editable(TASK).row == TASK.row


def test_bytes_are_made_once() -> None:
    """Whoever asks again gets the same object."""
    assert public_bytes(BRANCH) is public_bytes(BRANCH)


def test_a_restore_finds_the_children() -> None:
    """Each record names its parent, and the parents that it had before; rows without parents and other records name none."""
    task, subtask = row_key("task", "p", "t/1"), row_key("subtask", "p", "s")
    branch, context = row_key("branch", "p", "b"), row_key("context", "p", "c")
    a, b = row_key("branch", "p", "a"), row_key("branch", "p", "b")
    project = row_key("project", "p", "p")
    small = Node(SubtaskSummary(id="s", project_id="p", branch_id="b", task_id="t/1"), Memory())

    assert list(child_hints(task, encode_node(TASK))) == [(b, task), (a, task)]
    assert list(child_hints(task, encode_node(GRAVE))) == [(a, task), (b, task)]
    assert list(child_hints(subtask, encode_node(small))) == [(task, subtask)]
    assert list(child_hints(branch, b"{}")) == [(project, branch)]
    assert list(child_hints(context, b"{}")) == [(project, context)]
    assert list(child_hints(project, b"{}")) == []
    assert list(child_hints(offset_key(1), b"{}")) == []


def test_offset_rows_have_no_stamp() -> None:
    """Rows about a partition took in no event of their own."""
    assert stamp_of(b"offset/1", b'{"partition":1,"through":5}') == -1
    assert stamp_of(b"epoch/1", b"{}") == -1


def test_a_key_begins_with_its_kind() -> None:
    """Whatever the ids are."""
    assert [kind_of(row_key(kind, "task/", "x")) for kind in ROW_TYPES] == list(ROW_TYPES)
