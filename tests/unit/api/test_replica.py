"""The edge's rows: the last stamp wins, tombstones hold, whatever order they come in."""

import itertools
import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.protocol.access import Standing
from api.replica import Entry, Replica, public, read
from schemas.rows import Memory, Tombstone, encode_row, with_memory


def row(row_id: str, stamp: int, **fields: Any) -> Entry:  # noqa: ANN401  because rows have fields of all types
    """Return an entry."""
    return read(json.dumps({"id": row_id, "stamp": stamp} | fields).encode())


def gone(row_id: str, stamp: int) -> Entry:
    """Return a tombstone."""
    return read(encode_row(Tombstone(id=row_id, project_id="p", stamp=stamp)))


def live_tasks(replica: Replica) -> dict[str, int]:
    """Return the stamps of the tasks that are there."""
    rows = replica.of("p")
    return {} if rows is None else {entry.id: entry.stamp for entry in rows.tasks.values() if not entry.deleted}


@pytest.mark.parametrize("name", ['a","memory":{"b":1}', "memory", '\\","memory":{'])
def test_the_memory_of_the_worker_stays_inside(name: str) -> None:
    """Cut off wherever a name looks like it; a row without memory is as it was."""
    tombstone = encode_row(Tombstone(id=name, project_id="p", stamp=1))
    assert public(with_memory(tombstone, Memory(ids="ab", origins={name: 3}))) == tombstone
    assert public(tombstone) == tombstone


def test_the_last_stamp_wins() -> None:
    """Older and equal ones change nothing, in each kind; versions move with summaries only."""
    replica = Replica()
    assert replica.put("project", "p", row("p", 5, digest=9))
    assert not replica.put("project", "p", row("p", 5))
    assert replica.digest("p") == (9, 5)
    for kind in ("branch", "task"):
        replica.put(kind, "p", row("x", 5, branch_id="b"))
        replica.put(kind, "p", row("x", 4, branch_id="c"))
    assert replica.version("p") == 2
    assert live_tasks(replica) == {"x": 5}
    assert (replica.rows, list(replica.branches("p"))) == (3, [b'{"id": "x", "stamp": 5, "branch_id": "b"}'])
    assert not replica.put("activity", "p", row("x", 9))


def test_a_project_comes_into_being_once_per_life() -> None:
    """New, or revived; not by its children, not by its tombstone."""
    replica = Replica()
    entries = [row("p", 1), row("p", 2), gone("p", 3), row("p", 4)]
    assert [replica.put("project", "p", entry) for entry in entries] == [True, False, False, True]
    assert list(replica.projects()) == ["p"]
    replica.put("task", "q", row("t", 1))
    assert (list(replica.projects()), replica.of("q"), replica.project("q"), replica.digest("q")) == (["p"], None, None, (0, -1))
    assert (replica.version("none"), list(replica.branches("none")), replica.entry("none")) == (0, [], None)


def test_children_go_with_their_tombstone_in_any_order() -> None:
    """Only those that the tombstone is newer than, and only its own."""
    entries = [
        ("project", row("p", 1)),
        ("branch", gone("b", 6)),
        ("task", row("old", 3, branch_id="b")),
        ("task", row("new", 8, branch_id="b")),
        ("task", row("other", 2, branch_id="c")),
    ]
    for order in itertools.permutations(entries):
        replica = Replica()
        for kind, entry in order:
            replica.put(kind, "p", entry)
        assert live_tasks(replica) == {"new": 8, "other": 2}


def test_a_deleted_project_takes_everything_with_it() -> None:
    """What was older; and what comes late stays deleted."""
    replica = Replica()
    replica.put("project", "p", row("p", 1))
    replica.put("branch", "p", row("b", 2))
    replica.put("task", "p", row("t", 3, branch_id="b"))
    replica.put("project", "p", gone("p", 9))
    assert (replica.of("p"), list(replica.branches("p"))) == (None, [])
    replica.put("task", "p", row("late", 4, branch_id="b"))
    replica.put("project", "p", row("p", 10))
    assert live_tasks(replica) == {}
    replica.put("task", "p", row("t", 11, branch_id="b"))
    assert live_tasks(replica) == {"t": 11}


def test_members_are_known() -> None:
    """By user; the end of the project is the end of them."""
    replica = Replica()
    replica.put("project", "p", row("p", 1))
    assert replica.put_member("p", b'{"id":"u","project_id":"p","user_id":"u","role":"owner","stamp":2}') == {"u"}
    assert (replica.standing("p", "u"), replica.owned("p"), replica.projects_of("u")) == (Standing.OWNER, True, {"p"})
    replica.put("project", "p", gone("p", 3))
    assert (replica.standing("p", "u"), replica.owned("p"), replica.live("p")) == (Standing.VIEWER, False, False)
    replica.put("project", "p", row("p", 4))
    assert (replica.standing("p", "u"), replica.live("p")) == (Standing.REMOVED, True)
    replica.remove("member", "p", "u")
    assert replica.standing("p", "u") is None


def test_rows_that_left_the_topic_leave_the_replica() -> None:
    """Each kind; twice does no harm."""
    replica = Replica()
    replica.put("project", "p", row("p", 1))
    for kind in ("branch", "task"):
        replica.put(kind, "p", row("x", 1))
        replica.remove(kind, "p", "x")
        replica.remove(kind, "p", "x")
    replica.remove("activity", "p", "x")
    replica.remove("task", "nowhere", "x")
    assert replica.rows == 1
    for _ in range(2):
        replica.remove("project", "p", "p")
        assert (replica.of("p"), replica.rows) == (None, 0)


def test_rows_that_were_read_again_take_the_place_of_wrong_ones() -> None:
    """At the same stamp too; what came after the reading stays, tombstones are as good as nothing, and what is right is left alone."""
    ours, theirs = Replica(), Replica()
    for kind, name in (("project", "p"), ("branch", "b"), ("task", "t"), ("task", "lost"), ("task", "grave")):
        theirs.put(kind, "p", gone(name, 3) if name == "grave" else row(name, 3, digest=1))
    for kind, name, digest in (("project", "p", 2), ("branch", "b", 1), ("task", "t", 5), ("task", "phantom", 1)):
        ours.put(kind, "p", row(name, 3, digest=digest))
    ours.put("task", "p", row("new", 9))
    assert ours.all_of("p").sorted_tasks() == ["new", "phantom", "t"]

    assert ours.mend("p", theirs, 5) == 4
    assert ours.digest("p") == (1, 3)
    assert live_tasks(ours) == {"t": 3, "lost": 3, "new": 9}
    assert ours.rows == 5
    assert ours.mend("p", theirs, 5) == 0
    assert ours.standing_rows("p") == (
        ours.project("p"),
        list(ours.branches("p")),
        [entry.data for entry in ours.all_of("p").tasks.values()],
    )
    ours.put("project", "p", gone("p", 10))
    assert ours.standing_rows("p") == (None, [], [])
    assert ours.every_project() == ["p"]
    assert Replica().standing_rows("q") == (None, [], [])


class Made(NamedTuple):
    """A row to be."""

    kind: str
    name: str
    stamp: int
    deleted: bool
    branch_id: str


NAMES = st.sampled_from(["a", "b"])
ENTRY = st.one_of(
    st.builds(Made, st.just("project"), st.just("p"), st.integers(0, 30), st.booleans(), st.just("")),
    st.builds(Made, st.sampled_from(["branch", "task"]), NAMES, st.integers(0, 30), st.booleans(), NAMES),
)


@given(st.lists(ENTRY, max_size=14, unique_by=lambda entry: entry.stamp), st.randoms())
def test_the_order_of_arrival_does_not_matter(made: list[Made], random: Any) -> None:  # noqa: ANN401  hypothesis' own
    """The same rows in any order, some of them twice, give the same answer; tasks come with all their versions, in other branches, too."""

    def fold(entries: list[Made]) -> tuple[Any, ...]:
        replica = Replica()
        for one in entries:
            replica.put(one.kind, "p", gone(one.name, one.stamp) if one.deleted else row(one.name, one.stamp, branch_id=one.branch_id))
        return replica.project("p"), sorted(replica.branches("p")), live_tasks(replica)

    ordered = sorted(made, key=lambda one: one.stamp)
    parents = {(one.kind, one.name): one for one in ordered if one.kind != "task"}
    rows = [*parents.values(), *(one for one in ordered if one.kind == "task")]
    shuffled = rows + rows
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(rows)


def test_a_task_that_had_moved_survives_its_old_branch() -> None:
    """The branch's end comes first, though the task had left before: one message may bring both."""
    replica = Replica()
    replica.put("project", "p", row("p", 1))
    replica.put("task", "p", row("t", 3, branch_id="old"))
    replica.put("branch", "p", gone("old", 9))
    assert live_tasks(replica) == {}
    replica.put("task", "p", row("t", 7, branch_id="new"))
    assert live_tasks(replica) == {"t": 7}
