"""Counts of branches and projects."""

import pytest

from schemas.rows import BranchSummary, ProjectSummary, TaskSummary
from streams.domain.digest import task_digest
from streams.domain.tally import add, settle, shift, shown, take_away


def task(status: str = "todo", priority: str = "medium", total: int = 0, completed: int = 0) -> TaskSummary:
    """Return a task."""
    return TaskSummary(
        id="t", project_id="p", branch_id="b", status=status, priority=priority, total_subtasks=total, completed_subtasks=completed
    )


def branch() -> BranchSummary:
    """Return an empty branch."""
    return BranchSummary(id="b", project_id="p", name="b")


STATUSES = ("todo", "in_progress", "done", "cancelled", "archived", "odd")


@pytest.mark.parametrize("old", STATUSES)
@pytest.mark.parametrize("new", STATUSES)
def test_a_shift_is_a_leave_and_an_enter(old: str, new: str) -> None:
    """Replacing a contribution gives the same tally as taking the old one away and adding the new one."""
    before, after = task(old, "low", 2, 1), task(new, "high", 2, 2)
    one, other = branch(), branch()
    add((one,), before, 1, 7)
    shift((one,), before, after, 4)
    add((other,), after, 1, 11)

    assert one == other


def test_taking_all_away_leaves_nothing() -> None:
    """A tally is a group: what entered and left is as if it had never been there."""
    tally = branch()
    add((tally,), task("done", "low", 3, 2), 1, task_digest(task()))
    add((tally,), task("done", "low", 3, 2), -1, task_digest(task()))

    assert tally == branch()


def test_a_branch_leaves_its_project_whole() -> None:
    """Taking a branch's tally away equals taking each of its tasks away."""
    project, small = ProjectSummary(id="p", name="p"), branch()
    stays = task("blocked", "urgent")
    add((project,), stays, 1, 5)
    alone = ProjectSummary(id="p", name="p")
    add((alone,), stays, 1, 5)
    for one in (task("in_progress", "low", 1), task("archived", "urgent", 2, 2), task("blocked")):
        add((project, small), one, 1, 2**53 - 1)
    take_away(project, small)

    assert project == alone


def test_counts_follow_from_the_breakdown() -> None:
    """What is done, in progress and still counted is read off the statuses."""
    tally = branch()
    for status in STATUSES:
        add((tally,), task(status), 1, 1)
    settle(tally)

    assert (tally.total_tasks, tally.completed_tasks, tally.in_progress_tasks, tally.active_tasks) == (6, 1, 1, 4)


def test_few_names_are_all_shown() -> None:
    """Up to 16 names are shown as they are."""
    names = {f"own-{number}": 1 for number in range(16)}

    assert shown(names, ()) is names


def test_many_names_are_folded() -> None:
    """Known names come first however small, then the largest, equal ones by name; `other` holds the rest, so the sum is kept."""
    names = {f"own-{number:02}": 5 + (number > 10) for number in range(20)} | {"todo": 1, "other": 2}

    short = shown(names, ("todo", "done"))

    assert list(short)[:10] == ["todo", *(f"own-{number}" for number in range(11, 20))]
    assert list(short)[10:16] == [f"own-{number:02}" for number in range(6)]
    assert short["other"] == 5 * 5 + 2
    assert sum(short.values()) == sum(names.values())


def test_a_status_called_other_stays_in_the_sum() -> None:
    """A real status `other` and the rest share one entry."""
    names = {f"own-{number:02}": 1 for number in range(16)} | {"other": 9}

    short = shown(names, ())

    assert short["other"] == 10
    assert sum(short.values()) == 25
