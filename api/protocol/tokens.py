"""A session's steps with tokens: refreshed in place, for the same user; streams end and begin with the rights to them."""

from api.protocol.effects import Verify
from api.protocol.inputs import Token, Verified
from api.protocol.session import Session
from schemas.frames import NOT_ALLOWED
from schemas.problems import FORBIDDEN, Problem


def verify(session: Session, happened: Token) -> None:
    """Have a new token checked."""
    session.effects.append(Verify(happened.token))


def refresh(session: Session, happened: Verified) -> None:
    """Take a new token of the same user: its rights hold from now on."""
    principal = happened.principal
    if principal.subject != session.principal.subject:
        session.close(NOT_ALLOWED, Problem(FORBIDDEN, "the user of a connection cannot change"))
        return
    session.principal = principal
    session.warned = False
    session.look_ms = 0
    session.say("sync", "token", {"tokenExp": principal.expires_ms})
    session.evict([project_id for project_id in session.joins.projects() if not session.may_read(project_id)])
    session.catch_up()
