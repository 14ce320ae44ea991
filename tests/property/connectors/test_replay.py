"""Laws of the connectors, for any task files."""

import json

from hypothesis import given
from hypothesis import strategies as st

from connectors import beads, taskmaster
from connectors.board import Board, Change, Item, diff, whole
from connectors.facts import Moment, Origin, events
from schemas.events import Fields, encode_event

IDS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
STATUS = st.sampled_from(["open", "in_progress", "closed", "tombstone", "hooked"])
ISSUE = st.fixed_dictionaries(
    {
        "id": IDS,
        "title": st.sampled_from(["x", "y", ""]),
        "status": STATUS,
        "priority": st.integers(0, 5),
        "issue_type": st.sampled_from(["epic", "task", "bug"]),
        "dependencies": st.lists(
            st.fixed_dictionaries({"depends_on_id": IDS, "type": st.sampled_from(["parent-child", "blocks"])}), max_size=3
        ),
    }
)
JUNK = st.sampled_from([b"<<<<<<< HEAD", b"=======", b'{"id": 7}', b"{", b"\xff\xfe", b""])
BEADS_FILE = st.lists(st.one_of(ISSUE.map(lambda issue: json.dumps(issue).encode()), JUNK), max_size=8).map(b"\n".join)

NUMBER = st.one_of(st.integers(1, 4), st.sampled_from(["1", "2.1", 3.5, None, True]))
ENTRY = st.fixed_dictionaries({"id": NUMBER, "title": st.sampled_from(["x", "y"]), "status": st.sampled_from(["pending", "done", "odd"])})
TASK = st.tuples(ENTRY, st.lists(ENTRY, max_size=3)).map(lambda pair: {**pair[0], "subtasks": pair[1]})
TAGS = st.dictionaries(st.sampled_from(["master", "x", "y"]), st.lists(TASK, max_size=4).map(lambda tasks: {"tasks": tasks}), max_size=3)
PLAIN = st.lists(TASK, max_size=4).map(lambda tasks: {"tasks": tasks})
TASKMASTER_FILE = st.one_of(st.one_of(TAGS, PLAIN).map(lambda content: json.dumps(content).encode()), st.just(b"{ <<<<"), st.just(b""))


def apply(changes: list[Change], board: Board) -> Board:
    """Return the board after changes, as a reader of the events would have it: a deleted branch takes its tasks along."""
    branches, tasks, subtasks = dict(board.branches), dict(board.tasks), dict(board.subtasks)
    for change in changes:
        if change.entity == "branch":
            _apply_branch(change, branches, tasks)
            continue
        items = tasks if change.entity == "task" else subtasks
        if change.kind == "delete":
            del items[change.id]
            continue
        assert (change.kind == "create") == (change.id not in items)
        assert change.branch_id in branches
        assert change.entity == "task" or change.task_id in tasks
        items[change.id] = Item(change.id, change.branch_id or "", b"", change.data or Fields(), change.task_id)
    return Board(branches, tasks, subtasks)


def _apply_branch(change: Change, branches: dict[str, str], tasks: dict[str, Item]) -> None:
    if change.kind == "delete":
        del branches[change.id]
        assert not [task for task in tasks.values() if task.branch_id == change.id]
    else:
        assert change.data is not None
        assert isinstance(change.data.name, str)
        branches[change.id] = change.data.name


def shown(board: Board) -> object:
    """Return what can be seen of a board: everything but the raw text and the order."""
    bare = {row_id: (item.branch_id, item.task_id, item.data) for row_id, item in (board.tasks | board.subtasks).items()}
    return dict(board.branches), bare


def check_chain(boards: list[Board]) -> None:
    """Assert that the differences lead from board to board."""
    state = Board()
    for older, newer in zip([Board(), *boards], boards, strict=False):
        state = apply(diff(older, newer), state)
        assert shown(state) == shown(newer)
        assert diff(newer, newer) == []
        assert shown(apply(whole(Board(newer.branches, newer.tasks, newer.subtasks)), Board())) == shown(newer)


@given(st.lists(BEADS_FILE, max_size=5))
def test_beads_differences_lead_to_the_next_version(files: list[bytes]) -> None:
    """Applying the difference of two versions to the first gives the second; every live issue is exactly one task."""
    reader = beads.Reader("p")
    check_chain([reader.read(content).board for content in files])


@given(st.lists(TASKMASTER_FILE, max_size=5))
def test_taskmaster_differences_lead_to_the_next_version(files: list[bytes]) -> None:
    """The same for Task Master, whose readable versions stand in for broken ones."""
    reader = taskmaster.Reader("p")
    check_chain([reader.read(content).board for content in files])


@given(st.lists(BEADS_FILE, min_size=1, max_size=5))
def test_what_a_version_says_does_not_depend_on_those_before_it(files: list[bytes]) -> None:
    """The reader's memory only saves work."""
    reader = beads.Reader("p")
    last = [reader.read(content) for content in files][-1]
    fresh = beads.Reader("p").read(files[-1])
    assert shown(last.board) == shown(fresh.board)
    assert last.board.gone == fresh.board.gone


@given(st.lists(BEADS_FILE, max_size=4))
def test_a_second_run_yields_the_same_events(files: list[bytes]) -> None:
    """Byte for byte, each with an id of its own."""

    def replay() -> list[bytes]:
        reader, board, sent = beads.Reader("p"), Board(), []
        for number, content in enumerate(files):
            newer = reader.read(content).board
            moment = Moment(f"c{number}", number, number)
            sent += [encode_event(event) for event in events(Origin("beads", "p", "f"), moment, diff(board, newer))]
            board = newer
        return sent

    first = replay()
    assert first == replay()
    assert len(set(first)) == len(first)
    assert len({json.loads(value)["id"] for value in first}) == len(first)


@given(st.binary(max_size=200))
def test_readers_never_raise_on_content(content: bytes) -> None:
    """Whatever the file holds, it is a board and a list of problems."""
    for reader in (beads.Reader("p"), taskmaster.Reader("p")):
        assert reader.read(content).board is not None
