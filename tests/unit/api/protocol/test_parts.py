"""The small pure parts: ids, buckets, rings, splicing, rights, memory of writes, decisions about a client's place."""

import json
from uuid import UUID

from api.protocol.access import Action, Principal, authorize, may_act_as
from api.protocol.bucket import Bucket
from api.protocol.control import ack_data, close_reason, control, error_data
from api.protocol.ids import uuid7
from api.protocol.recent import Recent
from api.protocol.resume import Behind, Live, Replay, Snapshot, decide
from api.protocol.ring import Frame, Ring
from api.protocol.splice import splice
from schemas.frames import Since
from schemas.messages import Position
from schemas.problems import PROBLEMS, RATE, Problem


def ring_of(*sequences: int, size: int = 100) -> Ring:
    """Return a ring with frames of one byte."""
    ring = Ring()
    for sequence in sequences:
        ring.append(Frame(sequence, b"x", sequence), size)
    return ring


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    """RFC 9562: version and variant are right, the time leads."""
    first, second = uuid7(1_000, (1 << 74) - 1), uuid7(1_001, 0)
    assert first < second
    assert (UUID(first).version, UUID(second).variant) == (7, UUID(second).variant)
    assert UUID(second).int >> 80 == 1_001


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    """Never more than burst at once; the rate fills it again; a clock that goes back gives nothing."""
    bucket = Bucket(10, 3, 0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(-1_000)
    assert [bucket.take(100), bucket.take(100)] == [True, False]
    assert [bucket.take(60_000) for _ in range(4)] == [True, True, True, False]


def test_a_ring_keeps_the_newest_and_knows_what_is_gone() -> None:
    """Bounded by number and age; sizes add up; cursors find what is after a sequence."""
    ring = ring_of(3, 5, 9, size=2)
    assert (ring.first, ring.end, ring.evicted, ring.last, ring.size) == (1, 3, 3, 9, 2)
    assert [ring.after(sequence) for sequence in (0, 5, 6, 9)] == [1, 2, 2, 3]
    assert ring.get(0) is None
    assert ring.get(2) == Frame(9, b"x", 9)
    assert ring.expire(6) == 1
    assert (ring.evicted, ring.size) == (5, 1)
    assert ring.expire(100) == 1
    assert ring.expire(100) == 0


def test_a_splice_puts_the_place_in_front_and_keeps_the_rest() -> None:
    """The message's own bytes follow unchanged."""
    frame = splice(b'{"type":"update","id":"x"}', 7, 5, b'"e"')
    assert frame == b'{"sequence":7,"prev":5,"epoch":"e","type":"update","id":"x"}'


def test_rights_come_from_the_token() -> None:
    """Listed projects or all; nobody acts for others without the admin scope."""
    some, every = Principal("u", frozenset({"p"})), Principal("a", frozenset({"*"}), frozenset({"admin"}))
    assert [authorize(some, action, "p") for action in Action] == [True, True]
    assert not authorize(some, Action.READ, "q")
    assert authorize(every, Action.WRITE, "q")
    assert [may_act_as(some, "u"), may_act_as(some, "v"), may_act_as(every, "v")] == [True, False, True]


def test_recent_writes_are_known_for_a_while() -> None:
    """By user and id; bounded in time and number."""
    recent = Recent(size=2, keep_ms=100)
    recent.add("u", "a", Position(0, 1), 0)
    assert recent.find("u", "a", 100) == Position(0, 1)
    assert recent.find("u", "a", 101) is None
    assert recent.find("v", "a", 0) is None
    recent.add("u", "b", Position(0, 2), 0)
    recent.add("u", "c", Position(0, 3), 0)
    assert recent.find("u", "a", 0) is None
    assert recent.find("u", "c", 0) == Position(0, 3)


def test_a_place_is_served_wholly_or_by_a_snapshot() -> None:
    """Each outcome of a resume, at its borders."""
    ring = ring_of(11, 14, 20, size=2)  # 11 is gone

    def at(sequence: int, epoch: str = "e", floor: int = 10) -> object:
        return decide(Since(epoch, sequence), "e", floor, 25, ring)

    assert decide(None, "e", 10, 25, ring) == Snapshot()
    assert at(20, "old") == Snapshot(reset=True)
    assert at(26) == Behind()
    assert at(10) == Snapshot()
    assert at(11) == Replay(1, 2)
    assert at(14) == Replay(2, 1)
    assert [at(20), at(25)] == [Live(3), Live(3)]
    assert at(14, floor=15) == Snapshot()
    assert decide(Since("e", 0), "e", 0, 301, ring_of(*range(1, 302), size=400)) == Snapshot()
    assert decide(Since("e", 0), "e", 0, 300, ring_of(*range(1, 301), size=400)) == Replay(0, 300)


def test_control_frames_have_the_envelope_and_no_sequence() -> None:
    """Type and action say what it is; acks are about changes, stream frames about streams."""
    frame = json.loads(control("sync", "welcome", {"a": 1}, "id", 5))
    assert frame == {
        "sequence": 0,
        "type": "sync",
        "id": "id",
        "version": "2.0",
        "timestamp": 5,
        "payload": {"entity": "connection", "action": "welcome", "data": {"a": 1}},
        "metadata": {"source": "system"},
    }
    entities = [json.loads(control(*kind, {}, "id", 5))["payload"]["entity"] for kind in (("ack", "applied"), ("sync", "reset"))]
    assert entities == ["change", "stream"]


def test_problems_fit_into_frames_and_close_reasons() -> None:
    """Reasons have at most 123 bytes for every kind; what is known about a problem is said."""
    for kind in PROBLEMS.values():
        assert len(close_reason(Problem(kind, retry_after_ms=10_000_000)).encode()) <= 123
    assert json.loads(close_reason(Problem(RATE))) == {"c": "rate"}
    data = error_data(Problem(RATE, retry_after_ms=5))
    assert data == {"code": "rate", "message": "Too many requests", "temporary": True, "retryAfterMs": 5}
    assert error_data(Problem(RATE, "d", ("a", "b")))["message"] == "a; b"
    assert ack_data("m", "c") == {"messageId": "m", "correlationId": "c"}
    assert set(ack_data("m", "c", Position(0, 1), Problem(RATE))) == {"messageId", "correlationId", "position", "error"}
