"""The frames that an edge makes itself: sync, heartbeat, ack, error. Their sequence is 0."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from schemas.frames import VERSION
from schemas.messages import Outcome, Position
from schemas.problems import REJECTED, Problem

_encode: Final = msgspec.json.Encoder().encode


def control(type_: str, action: str, data: Mapping[str, Any], frame_id: str, now_ms: int) -> bytes:
    """Return a control frame; `data` is what the frame says."""
    return _encode(
        {
            "sequence": 0,
            "type": type_,
            "id": frame_id,
            "version": VERSION,
            "timestamp": now_ms,
            "payload": {"entity": _entity(type_, action), "action": action, "data": data},
            "metadata": {"source": "system"},
        }
    )


_OF_STREAMS: Final = frozenset({"subscribed", "unsubscribed", "reset"})


def _entity(type_: str, action: str) -> str:
    if type_ == "ack":
        return "change"
    return "stream" if action in _OF_STREAMS else "connection"


def error_data(problem: Problem) -> dict[str, Any]:
    """Return a problem as the data of an `error` frame or the `error` of a stream or ack."""
    detail = "; ".join(problem.errors) or problem.detail or problem.type.title
    data: dict[str, Any] = {"code": problem.type.code, "message": detail, "temporary": problem.type.temporary}
    if problem.retry_after_ms is not None:
        data["retryAfterMs"] = problem.retry_after_ms
    return data


def ack_data(message_id: str, correlation_id: str, position: Position | None = None, problem: Problem | None = None) -> dict[str, Any]:
    """Return the data of an ack."""
    data: dict[str, Any] = {"messageId": message_id, "correlationId": correlation_id}
    if position is not None:
        data["position"] = position
    if problem is not None:
        data["error"] = error_data(problem)
    return data


def decision_data(message_id: str, outcome: Outcome) -> dict[str, Any]:
    """Return the data of the ack that says what the worker decided about a change."""
    correlation_id = outcome.metadata.correlation_id
    problem = Problem(REJECTED, outcome.error) if isinstance(outcome.error, str) else None
    return ack_data(message_id, correlation_id if isinstance(correlation_id, str) else message_id, outcome.metadata.position, problem)


def close_reason(problem: Problem) -> str:
    """Return the reason of a close: JSON of at most 123 bytes (RFC 6455 section 5.5)."""
    reason: dict[str, Any] = {"c": problem.type.code}
    if problem.retry_after_ms is not None:
        reason["r"] = problem.retry_after_ms
    return _encode(reason).decode()
