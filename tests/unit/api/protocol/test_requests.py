"""What a caller sends, as it is read."""

import json

import pytest

from api.protocol.requests import ChangeRequest, request_of, requests_of
from schemas.frames import ClientFrame, decode_client_frame
from schemas.problems import Problem
from tests.unit.api.protocol.test_writes import TASK


def frame(**fields: object) -> ClientFrame:
    """Return a client's frame that changes a task."""
    payload = {"entity": "task", "action": "patch", "data": {"primary": {"id": "t", "branch_id": "b", "status": "done"}, "ifStamp": 3}}
    return decode_client_frame(json.dumps({"type": "update", "id": "m", "payload": payload} | fields))


def test_a_frame_becomes_a_request() -> None:
    """The project is the stream's, else the row's; the row's fields are the data."""
    request = request_of(frame(stream="project:p", metadata={"correlationId": "c", "sessionId": "s", "source": "mcp-ai"}))
    assert isinstance(request, ChangeRequest)
    assert (request.project_id, request.entity_id, request.branch_id, request.if_stamp) == ("p", "t", "b", 3)
    assert (request.correlation_id, request.session_id, request.source) == ("c", "s", "mcp-ai")
    assert request.data is not None
    assert (request.data.status, request.data.branch_id) == ("done", "b")
    payload = {"entity": "task", "action": "delete", "data": {"primary": {"id": "t", "project_id": "q"}}}
    other = request_of(frame(payload=payload))
    assert isinstance(other, ChangeRequest)
    assert (other.project_id, other.correlation_id) == ("q", None)


@pytest.mark.parametrize("data", [{}, {"primary": []}, {"primary": {"id": 3}}, {"primary": {"id": "t", "status": 5}}])
def test_a_frame_that_names_nothing_is_a_problem(data: object) -> None:
    """Not an exception."""
    made = request_of(frame(payload={"entity": "task", "action": "patch", "data": data}))
    assert isinstance(made, Problem)


def test_a_body_is_one_event_a_list_or_lines() -> None:
    """Empty lines are skipped; anything else is a problem."""
    one = json.dumps(TASK).encode()
    for body, lines, count in (
        (one, False, 1),
        (b" [" + one + b"," + one + b"]", False, 2),
        (one + b"\n\n" + one + b"\n", True, 2),
        (b"", True, 0),
    ):
        made = requests_of(body, lines=lines)
        assert isinstance(made, list)
        assert len(made) == count
    too_long = json.dumps(TASK | {"data": {"title": "x" * 5_000}}).encode()
    for body in (too_long, b"", b"{", b"3", b"[3]", b"[" * 50_000):
        assert isinstance(requests_of(body, lines=False), Problem)
