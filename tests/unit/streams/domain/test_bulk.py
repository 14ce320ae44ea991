"""A window as messages."""

from msgspec import UNSET

from schemas.messages import Bulk, Position
from schemas.rows import BranchSummary, Memory, TaskSummary, Tombstone
from streams.domain.bulk import bulk
from streams.domain.fold import Applied
from streams.domain.node import Node
from streams.domain.records import Out
from streams.domain.rules import MERGED_NAMES, Rules
from streams.domain.windows import Window
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import event, plain

BRANCH = b"branch/p/b"


def world(tasks: int, title: str = "x") -> dict[bytes, Node]:
    """Return a branch with tasks."""
    rows = {b"task/p/t%d" % n: Node(TaskSummary(id=f"t{n}", project_id="p", branch_id="b", title=title), Memory()) for n in range(tasks)}
    return rows | {BRANCH: Node(BranchSummary(id="b", project_id="p", name="b"), Memory())}


def told(rows: dict[bytes, Node], rules: Rules, *, source: str = "mcp-ai") -> list[Out]:
    """Return the messages about a window that touched all rows."""
    window = Window(1000, 1500)
    for offset, key in enumerate(key for key in rows if key != BRANCH):
        window.add(event("task t", source=source), offset, Applied(key, None, (BRANCH, b"project/p/gone")))
    return bulk("p", window.drain(1500), rows.get, Position(3, 99), 1500, rules)


def test_every_key_comes_once_and_newest() -> None:
    """Changed rows with what happened to them, then the rows above; what is not there is left out; one message where it fits."""
    rows = world(2)
    rows[b"task/p/t1"] = Node(Tombstone(id="t1", project_id="p"), Memory(deleted_ms=1))

    (out,) = told(rows, Rules())
    message = scene.bulk(out)
    assert (out.key, message.id, message.timestamp, message.part, message.parts) == (b"p", "3-0-1", 1500, UNSET, UNSET)
    assert (message.payload.entity, message.payload.action) == ("multiple", "update")
    assert [(change.entity, change.action, plain(change.row)["id"]) for change in message.payload.data.primary] == [
        ("task", "create", "t0"),
        ("task", "delete", "t1"),
    ]
    assert [plain(row)["id"] for row in message.payload.data.cascade.branches] == ["b"]
    assert message.metadata.position == Position(3, 99)


def test_a_changed_row_is_not_told_twice() -> None:
    """A branch that was renamed and counted is in `primary` only."""
    rows = world(1)
    window = Window(0, 500)
    window.add(event("task t"), 0, Applied(b"task/p/t0", None, (BRANCH,)))
    window.add(event("task gone"), 0, Applied(b"task/p/gone", None, ()))
    window.add(event("branch b"), 1, Applied(BRANCH, rows[BRANCH].row, ()))  # type: ignore[arg-type]  # a branch is live here
    (out,) = bulk("p", window.drain(0), rows.get, Position(3, 2), 0, Rules())

    data = scene.bulk(out).payload.data
    assert [(change.entity, change.action) for change in data.primary] == [("task", "create"), ("branch", "update")]
    assert data.cascade.branches == []


def test_a_long_bulk_is_split() -> None:
    """Every part is within the limit, numbered, with the same provenance; together they hold every row once."""
    outs = told(world(50, "x" * 100), Rules(max_message_bytes=4096))

    parts = [scene.bulk(out) for out in outs]
    assert all(len(out.value or b"") <= 4096 for out in outs)
    assert [(part.id, part.part, part.parts) for part in parts] == [(f"3-0-49-{n}", n, len(parts)) for n in range(1, len(parts) + 1)]
    assert len({plain(change.row)["id"] for part in parts for change in part.payload.data.primary}) == 50
    assert sum(len(part.payload.data.primary) for part in parts) == 50
    assert sum(len(part.payload.data.cascade.branches) for part in parts) == 1
    assert all(part.metadata == parts[0].metadata for part in parts)
    assert len(parts) < 12


def test_a_row_longer_than_a_message_travels_alone() -> None:
    """It cannot be made shorter, but nothing is lost."""
    parts: list[Bulk] = [scene.bulk(out) for out in told(world(3, "x" * 2000), Rules(max_message_bytes=1000))]

    assert [len(part.payload.data.primary) + len(part.payload.data.cascade.branches) for part in parts] == [1, 1, 1, 1]


def test_the_source_is_the_one_that_all_have() -> None:
    """A window of one source says so; a mixed one (a replay) is an agent's."""
    assert scene.bulk(told(world(2), Rules(), source="user")[0]).metadata.source == "user"
    window = Window(0, 500)
    for source in ("user", "system"):
        window.add(event("task t", source=source), 0, Applied(b"task/p/t0", None, ()))
    (out,) = bulk("p", window.drain(0), world(1).get, Position(3, 2), 0, Rules())
    assert scene.bulk(out).metadata.source == "mcp-ai"


def test_the_last_part_leads_back_to_the_traces() -> None:
    """A few of them, each once; a window that nobody traces has no headers."""
    rows = world(4, "x" * 300)
    for most, parts in ((262_144, 1), (1_000, 4)):
        window = Window(1000, 1500)
        for offset, key in enumerate(key for key in rows if key != BRANCH):
            window.add(event("task t"), offset, Applied(key, None, ()))
            window.trace(b"00-%d" % (offset // 2))
        outs = bulk("p", window.drain(1500), rows.get, Position(3, 99), 1500, Rules(max_message_bytes=most))
        *before, last = [out.trace for out in outs]
        assert (len(before) + 1, set(before) <= {()}) == (parts, True)
        assert last == (("traceparent", b"00-0"), ("traceparent", b"00-1"))
        for number in range(100):
            window.trace(b"%d" % number)
        assert len(window.drain(1500).traces) == MERGED_NAMES
    assert [out.trace for out in told(rows, Rules())] == [()]
