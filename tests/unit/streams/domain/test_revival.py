"""What an event may do to its own row."""

from itertools import product

import pytest

from schemas.rows import Memory, TaskSummary, Tombstone
from schemas.words import ACTIONS
from streams.domain.digest import id_hash
from streams.domain.node import Node
from streams.domain.revival import APPLIED, TABLE, decide, remember
from tests.unit.streams.domain.scene import event

LIVE = Node(TaskSummary(id="t", project_id="p", branch_id="b", stamp=5), Memory(ids=id_hash("old"), origins={"beads": 3}))
GRAVE = Node(Tombstone(id="t", project_id="p", stamp=5), Memory(ids=id_hash("old"), origins={"beads": 3}, deleted_ms=1))


def test_the_table_is_total() -> None:
    """Every canonical action has a decision for every state of the row."""
    assert set(TABLE) == set(product(set(ACTIONS.values()), ("none", "live", "tombstone")))


@pytest.mark.parametrize(
    ("action", "decisions"),
    [
        ("create", ("insert", "replace", "revive")),
        ("update", ("insert", "replace", "late")),
        ("patch", ("unknown", "merge", "deleted")),
        ("delete", ("bury", "bury", "late")),
    ],
)
def test_the_table_decides(action: str, decisions: tuple[str, str, str]) -> None:
    """No row, a live row, a tombstone."""
    assert tuple(decide(event("task t", action), node, "1") for node in (None, LIVE, GRAVE)) == decisions


@pytest.mark.parametrize("node", [LIVE, GRAVE])
def test_a_retry_is_a_duplicate_before_all_else(node: Node) -> None:
    """An id that the row remembers changes nothing, whatever its condition says."""
    assert decide(event("task t", id="old", if_stamp=1), node, id_hash("old")) == "duplicate"


@pytest.mark.parametrize(
    ("node", "if_stamp", "decision"),
    [
        (None, 0, "conflict"),
        (LIVE, 4, "conflict"),
        (LIVE, 5, "replace"),
        (GRAVE, 4, "conflict"),
        (GRAVE, 5, "revive"),
    ],
)
def test_a_condition_must_hold(node: Node | None, if_stamp: int, decision: str) -> None:
    """A conditional write is applied only if the row's stamp still equals it."""
    assert decide(event("task t", if_stamp=if_stamp), node, "1") == decision


@pytest.mark.parametrize(
    ("origin", "version", "stale"),
    [
        ("beads", 2, True),
        ("beads", 3, True),
        ("beads", 4, False),
        ("beads", None, False),
        ("jira", 1, False),
        (None, 1, False),
    ],
)
@pytest.mark.parametrize(("node", "action"), [(LIVE, "update"), (LIVE, "patch"), (LIVE, "delete"), (GRAVE, "create")])
def test_an_old_version_of_the_same_origin_is_stale(
    node: Node, action: str, origin: str | None, version: int | None, *, stale: bool
) -> None:
    """Versions count within one origin; across origins, and without a version, the log's order decides."""
    assert (decide(event("task t", action, origin=origin, version=version), node, "1") == "stale") is stale


def test_a_row_remembers_eight_ids() -> None:
    """The newest ids stay, the oldest goes; versions are kept per origin; nothing of the old memory is changed."""
    node: Node | None = None
    for number in range(10):
        memory = remember(event("task t", origin="beads" if number % 2 else None, version=number), node, f"{number:014}")
        node = Node(LIVE.row, memory)
    assert node is not None
    assert node.memory == Memory(ids="".join(f"{number:014}" for number in range(2, 10)), origins={"beads": 9})
    assert remember(event("task t", origin="jira"), LIVE, "1").origins == {"beads": 3}
    assert LIVE.memory.ids == id_hash("old")


def test_applied_and_dropped_are_apart() -> None:
    """What is not applied has a name of its own."""
    assert set(TABLE.values()) - APPLIED == {"late", "unknown", "deleted"}


def test_of_too_many_origins_the_lowest_version_is_forgotten() -> None:
    """Whoever names each run an origin of its own pushes out the other runs, not a tracker that has come far; never the one at hand."""
    node = Node(LIVE.row, Memory(origins={"beads": 900}))
    for number in range(200):
        memory = remember(event("task t", origin=f"run-{number:03}", version=1), node, f"{number:014}")
        assert memory.origins[f"run-{number:03}"] == 1
        node = Node(LIVE.row, memory)
    assert (len(node.memory.origins), node.memory.origins["beads"]) == (64, 900)
    assert remember(event("task t", origin="jira", version=-5), node, "1").origins["jira"] == -5
