"""The working set of a step."""

from schemas.rows import BranchSummary, Memory, ProjectSummary, TaskSummary, Tombstone
from schemas.topics import row_key
from streams.domain.fold import Fold, later, with_former
from streams.domain.node import Node
from streams.domain.rules import Rules

PROJECT, BRANCH, TASK = row_key("project", "p", "p"), row_key("branch", "p", "b"), row_key("task", "p", "t")


class Lender:
    """Rows that nobody may change."""

    def __init__(self, rows: dict[bytes, Node] | None = None) -> None:
        self.rows = rows or {}

    def get(self, key: bytes) -> Node | None:
        """Return a row."""
        return self.rows.get(key)

    def children(self, parent: bytes) -> list[bytes]:
        """Return hints."""
        return [TASK, row_key("task", "p", "gone")] if parent == BRANCH else []


def fold(lender: Lender, surfaced: list[bytes] | None = None, time_ms: int = 100) -> Fold:
    """Return the working set of a step at offset 7."""
    heard = surfaced if surfaced is not None else []
    result = Fold(lender, Rules(tombstone_ms=10), time_ms, heard.append)
    result.offset, result.activity, result.record_ms = 7, "2026-11-23T12:00:00.000Z", 50
    return result


def branch_node() -> Node:
    """Return a live branch."""
    return Node(BranchSummary(id="b", project_id="p", name="b", stamp=1), Memory())


def grave(deleted_ms: int) -> Node:
    """Return a tombstone."""
    return Node(Tombstone(id="b", project_id="p", stamp=1), Memory(deleted_ms=deleted_ms))


def test_a_lenders_row_is_copied_before_its_first_change() -> None:
    """What a step opens and changes is its own, once; the next caller sees the changes."""
    lender = Lender({BRANCH: branch_node()})
    work = fold(lender)
    scope = work.scope("p")
    work.open_above(scope, "b")[1].row.total_tasks = 5

    assert work.open_above(scope, "b")[1].row.total_tasks == 5
    assert lender.rows[BRANCH] == branch_node()
    assert work.scope("p") is scope
    assert set(work.touched) == {PROJECT, BRANCH}


def test_a_branch_never_announced_begins_with_its_project() -> None:
    """It is named like its id, counts in its project, and is found under it."""
    work = fold(Lender())
    project, slot = work.open_above(work.scope("p"), "b")

    assert slot.row == BranchSummary(id="b", project_id="p", name="b", stamp=7, last_activity="2026-11-23T12:00:00.000Z")
    assert project == ProjectSummary(id="p", name="p", total_branches=1, stamp=7, last_activity="2026-11-23T12:00:00.000Z")
    assert work.hints == [(PROJECT, BRANCH)]


def test_taking_in_moves_stamp_and_activity() -> None:
    """The stamp is always the newest event's, the activity only grows, and old bytes are dropped."""
    work = fold(Lender({BRANCH: branch_node()}))
    project, branch = work.open_above(work.scope("p"), "b")
    branch.node.public = b"{}"
    for offset, activity, latest in ((8, "2026-11-23T11:00:00.000Z", "12"), (9, "2026-11-23T13:00:00.000Z", "13")):
        work.offset, work.activity = offset, activity
        work.open_above(work.scope("p"), "b")
        work.open_project(work.scope("p"))
        for row in (project, branch.row):
            assert (row.stamp, row.last_activity) == (offset, f"2026-11-23T{latest}:00:00.000Z")
        assert branch.node.public is None


def test_an_old_tombstone_was_never_there() -> None:
    """A tombstone counts until it is older than the rules keep; then whoever waits to tell of it is called first."""
    surfaced: list[bytes] = []
    young = fold(Lender({BRANCH: grave(90)}), surfaced)
    assert young.find(BRANCH) == grave(90)
    assert young.has_lost(young.scope("p"), "b")
    assert surfaced == []

    old = fold(Lender({BRANCH: grave(89)}), surfaced)
    assert old.find(BRANCH) is None
    assert old.get(BRANCH) == grave(89)
    assert surfaced == [BRANCH]
    assert not old.has_lost(old.scope("p"), "b")


def test_children_are_the_stored_and_the_new() -> None:
    """Hints of the store and of this step together, each once, without those that have no row."""
    task = Node(TaskSummary(id="t", project_id="p", branch_id="b"), Memory())
    new = row_key("task", "p", "a")
    work = fold(Lender({TASK: task}))
    work.put(new, TaskSummary(id="a", project_id="p", branch_id="b"), Memory())
    work.link(BRANCH, new)
    work.link(BRANCH, TASK)

    assert [key for key, _ in work.children(BRANCH)] == [new, TASK]
    assert list(work.children(PROJECT)) == []


def test_touching_nothing_gives_nothing() -> None:
    """A row that does not exist is not made by touching it."""
    work = fold(Lender({TASK: Node(TaskSummary(id="t", project_id="p", branch_id="b"), Memory())}))

    assert work.touch(BRANCH) is None
    assert work.touch(TASK) is work.touch(TASK)
    assert set(work.touched) == {TASK}


def test_a_tombstone_remembers() -> None:
    """What the row remembered, its parent, and when it was deleted: never 0, which means never."""
    work = fold(Lender())
    task = TaskSummary(id="t", project_id="p", branch_id="b")
    work.bury(TASK, task, Memory(ids="ab", origins={"o": 2}, former=("a",)), "b")
    work.record_ms = -1
    work.bury(PROJECT, ProjectSummary(id="p", name="p"), Memory(), None)

    assert work.touched[TASK] == Node(
        Tombstone(id="t", project_id="p", stamp=7), Memory(ids="ab", origins={"o": 2}, deleted_ms=50, former=("a", "b"))
    )
    assert work.touched[PROJECT] == Node(Tombstone(id="p", project_id="p", stamp=7), Memory(deleted_ms=1))


def test_four_parents_are_remembered() -> None:
    """The newest four, each once."""
    assert with_former(("a", "b", "c", "d"), "e") == ("b", "c", "d", "e")
    assert with_former(("a", "b"), "a") == ("b", "a")


def test_activity_only_grows() -> None:
    """The later of two times wins; nothing is earlier than any time."""
    assert later("b", None) == later("b", "a") == later("a", "b") == "b"
