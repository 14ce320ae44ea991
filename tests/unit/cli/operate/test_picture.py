"""The picture of `anabranch status`: who owns what, how far it is, and what is not well."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from broker.group import Group, Member
from broker.parts import Part
from cli.operate.asking import Answer, sums
from cli.operate.picture import TODO, Look, name_of, picture

GROUP = Group("anabranch", "Stable", (Member("m1", "10.0.0.7", frozenset({0, 1})),), {0: 0, 1: 0}, {0: 100, 1: 50}, {0: 90, 1: 50}, 1)


def worker(partitions: Mapping[int, Mapping[str, int]], **more: Any) -> Answer:  # noqa: ANN401  fields of the answer
    """Return what a worker says."""
    health = {"ready": True, "kafka_up": True, "problem": None, "instance": "w1", "standbys": [], "restoring": [], **more}
    return Answer(
        Part(kind="worker", private_url="http://w", pid=1), {**health, "partitions": {str(n): dict(p) for n, p in partitions.items()}}
    )


def ends(durable: int, read: int | None = None) -> dict[str, int]:
    """Return the ends of one partition."""
    return {
        "end": 0,
        "read": durable if read is None else read,
        "taken": durable,
        "durable": durable,
        "committed": 0,
        "windows": 2,
        "store_bytes": 7,
    }


def edge(through: int, *, ready: bool = True, stale: float = 0.0) -> Answer:
    """Return what an edge says."""
    places = {"0": {"applied": 9, "through": through}}
    return Answer(
        Part(kind="edge", private_url="http://e", url="http://page", pid=2), {"ready": ready, "partitions": places}, {"edge_stale": stale}
    )


def look(*answers: Answer, at: float = 10.0, group: Group = GROUP) -> Look:
    """Return a look at these parts."""
    return Look(at, group, answers, {0: "e" * 36, 1: "e" * 36})


def test_a_row_is_what_its_owner_says() -> None:
    """Rates come from two looks; an owner that has read on past the committed end is believed."""
    before = look(worker({0: ends(80), 1: ends(50)}), at=8.0, group=replace(GROUP, ends={0: 90, 1: 50}))
    found = picture("k:1", before, look(worker({0: ends(98), 1: ends(50)}), worker({}, instance="w2", standbys=[0])))
    first = found.partitions[0]
    assert (first.owner, first.state, first.end, first.lag, first.open_windows, first.store_bytes, first.standby) == (
        "w1",
        "running",
        100,
        2,
        2,
        7,
        ["w2"],
    )
    assert (first.written_per_s, first.events_per_s) == (5.0, 4.0)
    assert found.problems == []


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((worker({0: ends(1)}), worker({0: ends(1)}, instance="w2")), "two owners"),
        ((worker({0: ends(1)}, problem="no progress"),), "stands still"),
        ((worker({0: ends(1)}, kafka_up=False),), "kafka lost"),
        ((worker({0: ends(1)}, ready=False),), "rebalancing"),
        ((worker({}, restoring=[0]),), "restoring"),
        ((), "owner silent"),
    ],
)
def test_states(answers: tuple[Answer, ...], state: str) -> None:
    """Each thing that can be the matter has its word."""
    found = picture("k:1", None, look(*answers))
    assert found.partitions[0].state == state
    assert state in TODO
    assert found.partitions[0].events_per_s is None


def test_a_partition_that_nobody_has_is_a_problem() -> None:
    """Its lag counts from what was committed, or from the beginning."""
    found = picture("k:1", None, look(group=replace(GROUP, members=(), committed={0: 90})))
    assert [row.lag for row in found.partitions] == [10, 50]
    assert found.problems == ["Partitions 0, 1: no owner; start a worker (docs/runbooks/worker-down.md)."]


def test_a_silent_owner_is_a_problem_where_events_wait() -> None:
    """Where none do, it is only out of reach from here."""
    found = picture("k:1", None, look())
    assert [row.lag for row in found.partitions] == [10, 0]
    assert [one.partition(";")[0] for one in found.problems] == ["Partition 0: owner silent"]


def test_parts_that_say_nothing_are_told() -> None:
    """A silent worker, a silent edge, and one that says what is wrong with it."""
    silent = Answer(Part(kind="worker", private_url="http://gone", pid=1))
    no_edge = Answer(Part(kind="edge", private_url="http://gone:2", pid=1))
    found = picture("k:1", None, look(silent, no_edge, worker({0: ends(1), 1: ends(1)}, problem="no progress for 60 s")))
    assert name_of(silent) == "http://gone"
    assert found.problems[:2] == ["The worker at http://gone does not answer: look at its log.", "The worker w1: no progress for 60 s."]
    assert found.problems[-1] == "The edge http://gone:2 is silent: see docs/runbooks/edge-not-ready.md."


@pytest.mark.parametrize(("answer", "state"), [(edge(95), "live"), (edge(95, stale=1.0), "stale"), (edge(0, ready=False), "starting")])
def test_edges(answer: Answer, state: str) -> None:
    """Where it stands is counted in events that its rows lack."""
    (row,) = picture("k:1", None, look(answer)).edges
    assert (row.state, row.behind_events, row.applied) == (state, 100 if state == "starting" else 5, {"0": 9})


def test_sums_go_over_labels() -> None:
    """One number for each sample."""
    text = '# TYPE a counter\na_total{x="1"} 2.0\na_total{x="2"} 3.0\n# TYPE b gauge\nb 7\n'
    assert sums(text) == {"a_total": 5.0, "b": 7.0}
