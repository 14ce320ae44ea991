"""What a database lost while nobody followed, by what `task-state` knows."""

from connectors.postgres.known import Known, Memory
from connectors.postgres.lost import lost, strangers
from schemas.events import Fields
from schemas.rows import (
    BranchSummary,
    MemberRow,
    ProjectSummary,
    Row,
    SubtaskSummary,
    TaskSummary,
    Tombstone,
    encode_row,
    with_memory,
)
from schemas.rows import Memory as Remembered
from schemas.topics import row_key

OURS = Remembered(origins={"postgres:p": 7})


def state(kind: str, row: Row, memory: Remembered = OURS) -> tuple[bytes, bytes]:
    """Return a row as `task-state` has it."""
    return row_key(kind, "p", row.id), with_memory(encode_row(row), memory)


def task(row_id: str, branch_id: str = "b") -> TaskSummary:
    """Return a task."""
    return TaskSummary(id=row_id, project_id="p", branch_id=branch_id)


ROWS = [
    state("project", ProjectSummary(id="p", name="P")),
    state("branch", BranchSummary(id="b", project_id="p", name="B")),
    state("branch", BranchSummary(id="old", project_id="p", name="Old")),
    state("task", task("kept")),
    state("task", task("gone")),
    state("task", task("along", "old")),
    state("task", task("foreign"), Remembered(origins={"jira:p": 1})),
    state("task", Tombstone(id="dead", project_id="p")),
    state("subtask", SubtaskSummary(id="s", project_id="p", branch_id="b", task_id="kept")),
    state("subtask", SubtaskSummary(id="s-along", project_id="p", branch_id="b", task_id="gone")),
    state("member", MemberRow(id="owner", project_id="p", user_id="owner", role="owner")),
    state("member", MemberRow(id="left", project_id="p", user_id="left")),
    (b"offset/0", b"{}"),
]


def test_what_came_from_here_and_is_here_no_more_is_deleted() -> None:
    """Once, at the top of what is gone; rows of others and tombstones are left alone, and so is what moved within the project."""
    memory = Memory(None)
    for row in (
        Known("project", "p", "owner", "p", Fields()),
        Known("branch", "b", "p", "p", Fields()),
        Known("task", "kept", "b", "p", Fields()),
    ):
        memory.put(row)
    found = [(fact.project_id, fact.change.kind, fact.change.entity, fact.change.id) for fact in lost(ROWS, "postgres", memory)]
    assert found == [
        ("p", "delete", "branch", "old"),
        ("p", "delete", "task", "gone"),
        ("p", "delete", "subtask", "s"),
        ("p", "delete", "member", "left"),
    ]


def test_a_project_takes_everything_along() -> None:
    """One delete for all of it."""
    assert [(fact.change.entity, fact.change.id) for fact in lost(ROWS, "postgres", Memory(None))] == [("project", "p")]


def test_projects_of_which_none_is_here_are_strangers() -> None:
    """One that is here makes all of them ours; projects of another origin do not count."""
    memory = Memory(None)
    assert strangers([], "postgres", memory) == strangers(ROWS, "jira", memory) == 0
    rows = [
        *ROWS,
        (row_key("project", "q", "q"), with_memory(encode_row(ProjectSummary(id="q", name="Q")), Remembered(origins={"postgres:q": 1}))),
    ]
    assert strangers(rows, "postgres", memory) == 2
    memory.put(Known("project", "q", "owner", "q", Fields()))
    assert strangers(rows, "postgres", memory) == 0
