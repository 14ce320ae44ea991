"""The frames that an edge makes itself."""

import json

from api.protocol.control import ack_data, close_reason, control, error_data
from schemas.messages import Position
from schemas.problems import PROBLEMS, RATE, Problem


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
