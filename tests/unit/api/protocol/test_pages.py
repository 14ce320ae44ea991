"""Pages: what is in them, in which order, and that they fit together."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.protocol.pages import Page, _Down
from api.protocol.views import Asked, Wish, asked_of, key_of
from schemas.rows import BranchSummary, TaskSummary
from schemas.tables import BRANCHES, TASKS, Table, value_of


def pages(table: Table, rows: list[Any], limit: int = 1000, **wish: object) -> list[list[Any]]:
    """Return all pages."""
    found: list[list[Any]] = []
    after: str | None = None
    while True:
        asked = asked_of(table, Wish(limit=limit, after=after, **wish))  # type: ignore[arg-type]  # tests name what they need
        assert isinstance(asked, Asked)
        page = Page(asked)
        for row in rows:
            page.take(row)
        taken, after = page.rows()
        found.append(taken)
        if after is None:
            return found


def ids(table: Table, rows: list[Any], *where: str) -> list[str]:
    """Return the ids of the rows that meet conditions."""
    return [row.id for page in pages(table, rows, where=where) for row in page]


TASK_ROWS = [
    TaskSummary(
        id="a", project_id="p", branch_id="b", title="Mend the Door", assignees=("ann",), progress_percentage=10.0, total_subtasks=1
    ),
    TaskSummary(id="b", project_id="p", branch_id="b", title="paint", assignees=("ann", "bob"), total_subtasks=2),
    TaskSummary(id="c", project_id="p", branch_id="c", title="", progress_percentage=90.5, total_subtasks=3),
]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ((), "abc"),
        (("title~DOOR",), "a"),
        (("title=paint|",), "bc"),
        (("title!=paint|",), "a"),
        (("assignees~ann",), "ab"),
        (("assignees!=bob",), "ac"),
        (("progress_percentage<50",), "a"),
        (("progress_percentage<=10",), "a"),
        (("progress_percentage>10",), "c"),
        (("progress_percentage>=10",), "ac"),
        (("progress_percentage!=10",), "bc"),
        (("branch_id=b", "total_subtasks>=2"), "b"),
        (("parent_id=x",), ""),
    ],
)
def test_conditions_choose_rows(where: tuple[str, ...], expected: str) -> None:
    """All of them hold; what is not there meets nothing but `!=`."""
    assert "".join(ids(TASKS, TASK_ROWS, *where)) == expected


def test_counts_are_compared_by_part() -> None:
    """A part that is not there counts nothing."""
    rows = [
        BranchSummary(id="x", project_id="p", name="", priority_breakdown={"high": 2, "low": 1}),
        BranchSummary(id="y", project_id="p", name="", priority_breakdown={"low": 3}),
        BranchSummary(id="z", project_id="p", name=""),
    ]
    found = ["".join(ids(BRANCHES, rows, f"priority_breakdown.high{rest}")) for rest in (">=1", "=0", "!=0", "<3")]
    assert found == ["x", "yz", "x", "xyz"]


ROWS = st.lists(
    st.builds(
        BranchSummary,
        id=st.sampled_from("abcdefgh"),
        project_id=st.sampled_from("pq"),
        name=st.sampled_from(["", "x", "y"]),
        total_tasks=st.integers(0, 3),
        last_activity=st.sampled_from([None, "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]),
        archived=st.booleans(),
    ),
    unique_by=lambda row: (row.project_id, row.id),
)


SORTS = st.sampled_from([None, "name", "-name", "total_tasks", "-total_tasks", "last_activity", "-last_activity", "-archived"])


@given(ROWS, SORTS, st.integers(1, 4), st.randoms())
def test_pages_are_the_whole_in_order(rows: list[BranchSummary], sort: str | None, limit: int, random: Random) -> None:
    """Each row once, by the column and then by the key, rows without a value last; whatever order they come in."""
    found = [row for page in pages(BRANCHES, random.sample(rows, len(rows)), limit, sort=sort) for row in page]
    expected: list[Any] = sorted(rows, key=lambda row: (row.project_id, row.id))
    if sort is not None:
        column = next(column for column in BRANCHES.columns if column.name == sort.removeprefix("-"))
        values = sorted({value_of(column, row) for row in rows} - {None}, reverse=sort.startswith("-"))
        expected = [row for value in [*values, None] for row in expected if value_of(column, row) == value]
    assert found == expected


def test_few_rows_are_kept_of_many() -> None:
    """However many there are."""
    asked = asked_of(BRANCHES, Wish(limit=2))
    assert isinstance(asked, Asked)
    page = Page(asked)
    for number in range(5000, 0, -1):
        page.take(BranchSummary(id=f"{number:05}", project_id="p", name=""))
        assert page.kept <= 2 * 2 + 1024
    rows, following = page.rows()
    assert [key_of(BRANCHES, row)[1] for row in rows] == ["00001", "00002"]
    assert following is not None


def test_what_sorts_down_is_compared_with_its_own_kind() -> None:
    """It equals nothing else."""
    assert _Down(1) == _Down(1)
    assert _Down(1) != 1
    assert _Down(2) < _Down(1)
