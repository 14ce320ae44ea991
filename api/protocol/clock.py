"""A session's step with the time: tokens end, silence is broken or not answered, places are waited for."""

from typing import Final

from api.protocol.inputs import Tick
from api.protocol.session import Phase, Session
from schemas.frames import BAD_TOKEN, TIMED_OUT
from schemas.problems import TIMEOUT, UNAUTHENTICATED, Problem

TOKEN_WARNING_MS: Final = 60_000


def tick(session: Session, _happened: Tick) -> None:
    """See to everything that depends on the time, and note when to look again."""
    left_ms = session.principal.expires_ms - session.now_ms
    if left_ms <= 0:
        session.close(BAD_TOKEN, Problem(UNAUTHENTICATED))
    elif _overdue(session):
        session.close(TIMED_OUT, Problem(TIMEOUT))
    else:
        _remind(session, left_ms)
        session.look_ms = _next(session)


def _overdue(session: Session) -> bool:
    limits = session.hub.limits
    if session.phase is Phase.JOINING:
        return session.now_ms - session.opened_ms > limits.subscribe_ms
    return session.pinged_ms is not None and session.now_ms - session.pinged_ms > limits.heartbeat_ms


def _remind(session: Session, left_ms: int) -> None:
    if session in session.hub.late:
        session.settle(session.now_ms)
    if left_ms <= TOKEN_WARNING_MS and not session.warned:
        session.warned = True
        session.say("sync", "token-expiring", {"tokenExp": session.principal.expires_ms})
    if session.pinged_ms is None and session.now_ms - session.sent_ms >= session.hub.limits.heartbeat_ms:
        session.pinged_ms = session.now_ms
        session.heartbeat("ping")


def _next(session: Session) -> int:
    """Return the earliest time at which something may have to be done; sooner is no harm."""
    limits = session.hub.limits
    if session in session.hub.late:
        return 0
    silent_from = session.sent_ms if session.pinged_ms is None else session.pinged_ms
    times = [session.principal.expires_ms - (0 if session.warned else TOKEN_WARNING_MS), silent_from + limits.heartbeat_ms]
    if session.phase is Phase.JOINING:
        times.append(session.opened_ms + limits.subscribe_ms)
    return min(times)
