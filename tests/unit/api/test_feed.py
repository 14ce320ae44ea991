"""From records to state: steps are whole, groups of parts are whole, what cannot be read stops nothing."""

from typing import Literal

import pytest
from msgspec import Raw

from api.feed import NO_EPOCH, Jumped, Record
from api.protocol.access import Standing
from api.protocol.hub import Waiting
from api.protocol.resume import Snapshot
from schemas.frames import Since
from schemas.messages import (
    Bulk,
    BulkData,
    BulkPayload,
    Cascade,
    Merged,
    Message,
    Metadata,
    Outcome,
    Position,
    SessionCount,
    Update,
    UpdateData,
    UpdatePayload,
)
from schemas.messages import encode_message as encode
from schemas.rows import EpochRow, Tombstone, encode_row
from schemas.topics import epoch_key, offset_key, row_key
from tests.unit.api.stand import Stand, part, row, update


def test_rows_wait_for_the_end_of_their_step() -> None:
    """Nobody sees half a step; rows of a step that was not ended go on waiting."""
    stand = Stand()
    stand.state(row_key("project", "p", "p"), row("p", 1))
    stand.state(row_key("branch", "p", "b"), row("b", 7))
    assert stand.replica.of("p") is None
    stand.step(5)
    assert (stand.replica.project("p"), list(stand.replica.branches("p"))) == (row("p", 1), [])
    assert (stand.appeared, stand.hub.places[0].through) == (["p"], 5)
    stand.step(8)
    assert list(stand.replica.branches("p")) == [row("b", 7)]
    stand.state(row_key("branch", "p", "b"), None)
    stand.step(9)
    assert list(stand.replica.branches("p")) == []
    stand.step(4)
    assert stand.hub.places[0].through == 9


def test_times_are_measured_only_when_they_mean_something() -> None:
    """Not while old records are read."""
    stand = Stand()
    stand.step(1)
    stand.cascade(update())
    stand.feed.live = True
    stand.step(2)
    stand.cascade(update(2))
    stand.cascade(part(1, 0, 3))
    counts = [
        stand.meters.registry.get_sample_value(f"{name}_count")
        for name in ("materialized_view_refresh_time", "user_update_latency", "cascade_calculation_time")
    ]
    assert counts == [1, 1, 1]
    assert stand.meters.registry.get_sample_value("ai_batch_efficiency") == 4


def test_records_that_cannot_be_read_stop_nothing() -> None:
    """They are counted; who follows the stream gets a snapshot."""
    stand = Stand()
    for key, value in ((b"\xff", b"{}"), (b"task/p/t", b"{"), (b"a/b/c/d", b"{}"), (offset_key(0), b"[]")):
        stand.state(key, value)
    assert stand.poisoned() == 4
    for key in (offset_key(0), epoch_key(0), b"activity/p/1", b"future/p/x"):
        stand.state(key, None)
    assert stand.poisoned() == 4
    stand.cascade(update())
    for broken in (b"", None, b'{"type":"cat"}'):
        stand.cascade(broken)
    assert (stand.poisoned(), stand.frames()) == (7, [])
    assert stand.hub.decide("p", Since(NO_EPOCH, 1)) == Snapshot()


def test_a_frame_moves_rows_and_ring_together() -> None:
    """The rows are the frame's before anybody is told."""
    stand = Stand()
    sequence = stand.cascade(update(3))
    rows = stand.replica.of("p")
    assert rows is not None
    assert (rows.tasks["t"].stamp, stand.frames(), stand.hub.places[0].applied) == (3, [sequence], sequence)
    assert stand.appeared == ["p"]
    tombstone = Raw(encode_row(Tombstone(id="b", project_id="p", stamp=5)))
    stand.cascade(
        Update(
            id="d",
            stream="project:p",
            timestamp=0,
            payload=UpdatePayload(entity="branch", action="delete", data=UpdateData(primary=tombstone, cascade=Cascade())),
            metadata=Metadata(source="user", position=Position(0, 6)),
        )
    )
    assert rows.tasks["t"].deleted


def test_a_jump_is_noticed() -> None:
    """Missing records are never passed over in silence."""
    with pytest.raises(Jumped):
        Stand().feed.cascade(Record(0, 3, b"p", encode(update()), 0), 0)


def test_parts_are_handed_out_together() -> None:
    """Until the last one is there, the stream ends before the first."""
    stand = Stand()
    first = stand.cascade(part(1, 2))
    assert (stand.frames(), stand.hub.sequence("p")) == ([], first - 1)
    second = stand.cascade(part(2, 2))
    assert (stand.frames(), stand.hub.sequence("p")) == ([first, second], second)


@pytest.mark.parametrize("broken_by", ["update", "start", "wrong", "middle"])
def test_a_group_that_does_not_become_whole_is_passed_over(broken_by: Literal["update", "start", "wrong", "middle"]) -> None:
    """Its writer ended; its rows hold; whoever had not passed it gets a snapshot, and the stream goes on."""
    stand = Stand()
    if broken_by != "middle":
        stand.cascade(part(1, 3, 1))
    breaker: dict[str, Message] = {"update": update(2), "start": part(1, 2, 2), "wrong": part(3, 3, 2), "middle": part(2, 3, 2)}
    stand.cascade(breaker[broken_by])
    last = stand.cascade(part(2, 2, 3)) if broken_by == "start" else stand.cascade(update(4))
    assert stand.frames()[-1] == last
    assert stand.hub.sequence("p") == last
    assert stand.hub.decide("p", Since(NO_EPOCH, 0)) == Snapshot()


def test_a_new_epoch_ends_what_is_known() -> None:
    """While the beginning is read the last one holds; later a new one means that nothing in memory is true any more."""
    stand = Stand()
    for epoch in ("e1", "e2"):
        stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch=epoch)))
    assert stand.hub.places[0].epoch == "e2"
    stand.feed.live = True
    stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch="e2")))
    with pytest.raises(Jumped):
        stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch="e3")))


def test_rows_that_were_cut_off_are_owed_until_all_were_made_anew() -> None:
    """From the row that says so, everything comes again; before it came up to where it was, nothing is whole."""
    stand = Stand()
    stand.feed.cut_off(0)
    stand.step(9)
    stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch="e2", whole=True)))
    assert stand.feed.owing == [0]
    stand.step(9)
    assert stand.feed.owing == []


def test_the_first_of_several_new_beginnings_holds() -> None:
    """Workers that start at the same time each write one; the rows are as whole as behind the first. A later life is one all the same."""
    stand = Stand()
    stand.feed.cut_off(0)
    stand.step(9)
    for epoch in ("e2", "e3"):
        stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch=epoch, whole=True)))
    assert (stand.feed.owing, stand.hub.places[0].epoch) == ([0], "e2")
    stand.step(8)
    assert stand.feed.owing == [0]
    stand.step(9)
    assert stand.feed.owing == []
    stand.state(epoch_key(0), encode_row(EpochRow(partition=0, epoch="e4")))
    assert (stand.feed.owing, stand.hub.places[0].epoch) == ([], "e4")


def test_members_are_regarded() -> None:
    """Whether their row comes with a step of `task-state` or with a frame; told once."""
    stand = Stand()
    member = row("u", 3, user_id="u", role="owner")
    stand.state(row_key("member", "p", "u"), member)
    assert stand.regarded == []
    stand.step(4)
    payload = UpdatePayload(entity="member", action="create", data=UpdateData(primary=Raw(member), cascade=Cascade()))
    metadata = Metadata(source="user", position=Position(0, 4))
    stand.cascade(Update(id="m", stream="project:p", timestamp=0, payload=payload, metadata=metadata))
    assert (stand.regarded, stand.replica.standing("p", "u")) == ([("p", "u")], Standing.OWNER)


def test_a_merged_window_is_a_yes_to_its_changes() -> None:
    """To each correlation id of its users; what nobody waits for is nobody's."""
    stand = Stand()
    told: list[str] = []

    class Listener:
        """Notes what was decided."""

        def mark(self, project_id: str) -> None:
            """Nothing."""

        def reset(self, project_id: str) -> None:
            """Nothing."""

        def decided(self, message_id: str, outcome: Outcome) -> None:
            """Note it."""
            told.append(f"{message_id} {outcome.action}")

    for name, user in (("a", "agent"), ("b", "other")):
        stand.hub.await_outcome("p", name, Waiting(Listener(), f"m-{name}", user, 10_000))
    sessions = [SessionCount(events=2, session_id="s", user_id="agent"), SessionCount(events=1)]
    merged = Merged(events=3, sessions=sessions, correlation_ids=["a", "b", "c"], window_start=0, window_end=500)
    payload = BulkPayload(entity="multiple", action="update", data=BulkData(primary=[], cascade=Cascade()))
    metadata = Metadata(source="mcp-ai", position=Position(0, 1), merged=merged)
    stand.cascade(Bulk(id="w", stream="project:p", timestamp=0, payload=payload, metadata=metadata))
    assert told == ["m-a applied"]


def test_traces_are_told_of_what_is_live() -> None:
    """A message with headers, once the edge is ready; one without has no trace."""
    stand = Stand()
    payload = UpdatePayload(entity="task", action="update", data=UpdateData(primary=Raw(row("t", 1)), cascade=Cascade()))
    metadata = Metadata(source="user", position=Position(0, 2))
    value = encode(Update(id="m", stream="project:p", timestamp=0, payload=payload, metadata=metadata))
    for live, headers in ((False, (("traceparent", b"x"),)), (True, ()), (True, (("traceparent", b"x"),))):
        stand.feed.live = live
        stand.feed.cascade(Record(0, stand.hub.places[0].applied, b"p", value, 900, headers), 1_000)
    assert stand.traces.names == ["{'traceparent': b'x'} m 900"]
