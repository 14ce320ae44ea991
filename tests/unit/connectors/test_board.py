"""The difference between two boards, in an order that can be applied."""

from connectors.board import MAX_TITLE_CHARS, Board, Change, Item, bounded, cut, diff, whole
from schemas.events import Fields
from schemas.topics import MAX_ID_CHARS


def item(row_id: str, branch_id: str = "b", raw: bytes = b"", task_id: str | None = None) -> Item:
    """Return a task or subtask."""
    return Item(row_id, branch_id, raw, Fields(title=row_id), task_id)


def kinds(changes: list[Change]) -> list[tuple[str, str, str]]:
    """Return what happened to what."""
    return [(change.kind, change.entity, change.id) for change in changes]


def test_equal_boards_have_no_difference() -> None:
    """Also when their items are different objects, in another order."""
    one = Board({"b": "B"}, {"t": item("t"), "u": item("u")}, {"s": item("s", task_id="t")})
    other = Board({"b": "B"}, {"u": item("u"), "t": item("t")}, {"s": item("s", task_id="t")})
    assert diff(one, other) == []


def test_branches_come_first_and_go_last() -> None:
    """A branch is there before its tasks and goes when they have moved: its delete would take them along."""
    older = Board({"b": "B"}, {"t": item("t"), "gone": item("gone")}, {"s": item("s", task_id="gone")})
    newer = Board({"c": "C"}, {"t": item("t", "c")})
    assert kinds(diff(older, newer)) == [
        ("create", "branch", "c"),
        ("move", "task", "t"),
        ("delete", "subtask", "s"),
        ("delete", "task", "gone"),
        ("delete", "branch", "b"),
    ]


def test_any_difference_in_the_text_is_an_update() -> None:
    """Someone touched it, even if no carried field tells."""
    older = Board({"b": "B"}, {"t": item("t", raw=b"1")})
    newer = Board({"b": "B2"}, {"t": item("t", raw=b"2")})
    assert kinds(diff(older, newer)) == [("update", "branch", "b"), ("update", "task", "t")]


def test_a_subtask_of_another_task_has_moved() -> None:
    """A move names the new place."""
    older = Board({}, {}, {"s": item("s", task_id="t")})
    newer = Board({}, {}, {"s": item("s", task_id="u")})
    change = diff(older, newer)[0]
    assert (change.kind, change.task_id) == ("move", "u")


def test_the_whole_board_tells_what_is_called_gone() -> None:
    """A plain import deletes what the file itself calls deleted, and nothing else."""
    board = Board({"b": "B"}, {"t": item("t")}, gone=frozenset({"y", "x"}))
    assert kinds(whole(board)) == [("create", "branch", "b"), ("create", "task", "t"), ("delete", "task", "x"), ("delete", "task", "y")]


def test_long_ids_stay_apart_within_the_limit() -> None:
    """Two ids that differ only behind the limit stay two."""
    one, other = bounded("x" * 200 + "1"), bounded("x" * 200 + "2")
    assert len(one) == len(other) == MAX_ID_CHARS
    assert one != other
    assert bounded("x" * MAX_ID_CHARS) == "x" * MAX_ID_CHARS


def test_titles_are_one_line_within_the_limit() -> None:
    """Longer ones end in an ellipsis."""
    assert cut(" a\n b ") == "a b"
    assert len(cut("x" * 500)) == MAX_TITLE_CHARS
