"""A session's steps with changes: checked, written, answered twice: when they are in the log, and when the worker has decided."""

from api.protocol.control import ack_data, error_data
from api.protocol.effects import Append
from api.protocol.hub import Waiting
from api.protocol.inputs import Change, NotTaken, Taken
from api.protocol.requests import ChangeRequest, request_of
from api.protocol.session import Session
from api.protocol.times import iso
from api.protocol.writes import Fill, Write, write_of
from schemas.problems import INVALID_CHANGE, Problem


def change(session: Session, happened: Change) -> None:
    """Check a change and have it written."""
    frame = happened.frame
    write = _write(session, frame.id, request_of(frame))
    if isinstance(write, Problem):
        _fail(session, write, frame.id)
    else:
        session.effects.append(Append(write, frame.metadata.traceparent if frame.metadata else None))


def taken(session: Session, happened: Taken) -> None:
    """Say that a change is in the log."""
    data = ack_data(happened.message_id, happened.correlation_id, happened.position)
    session.say("ack", "duplicate" if happened.known else "accepted", data)


def not_taken(session: Session, happened: NotTaken) -> None:
    """Say that a change is not in the log."""
    _fail(session, happened.problem, happened.message_id)


def expect(session: Session, write: Write, now_ms: int) -> None:
    """Wait for the worker's answer to a change. Called before it is written, so that no answer is missed."""
    event = write.event
    session.waits = True
    waiting = Waiting(session, event.id, event.user_id or session.principal.subject, now_ms + session.hub.limits.waiting_ms)
    session.hub.await_outcome(event.project_id, event.correlation_id or event.id, waiting)


def _write(session: Session, message_id: str | None, request: ChangeRequest | Problem) -> Write | Problem:
    if isinstance(request, Problem):
        return request
    if not message_id:
        return Problem(INVALID_CHANGE, errors=("id: missing",))
    return write_of(request, session.principal, session.hub.rows, Fill(message_id, iso(session.now_ms)))


def _fail(session: Session, problem: Problem, message_id: str | None) -> None:
    data = error_data(problem)
    session.say("error", "failed", data | ({"messageId": message_id} if message_id else {}))
