"""What a session does in each phase with each input: a total table. The documentation's diagram is made from it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.protocol import changing, clock, tokens
from api.protocol.effects import Effect
from api.protocol.inputs import (
    FROM_CLIENT,
    Change,
    Gone,
    Input,
    Invalid,
    NotTaken,
    Ping,
    Pong,
    Refused,
    Resume,
    Shutdown,
    Subscribe,
    Taken,
    Tick,
    Token,
    Unknown,
    Unsubscribe,
    Verified,
)
from api.protocol.session import Phase, Session
from schemas.frames import BAD_TOKEN

Step = Callable[[Session, Any], None]


def ignore(_session: Session, _happened: Input) -> None:
    """Nothing follows."""


def subscribe(session: Session, happened: Subscribe | Resume) -> None:
    """Join streams."""
    session.subscribe(happened.wants)


def unsubscribe(session: Session, happened: Unsubscribe) -> None:
    """Leave streams."""
    session.unsubscribe(happened.wants)


def refuse(session: Session, happened: Refused) -> None:
    """Close: a client that shows a bad token is not who it was."""
    session.close(BAD_TOKEN, happened.problem)


def reject(session: Session, happened: Invalid) -> None:
    """Close: the client speaks another language."""
    session.close(happened.code, happened.problem)


def answer(session: Session, _happened: Ping) -> None:
    """Answer a ping."""
    session.heartbeat("pong")


def note(session: Session, _happened: Unknown) -> None:
    """Count a frame of an unknown kind."""
    session.unknown_frames += 1


def leave(session: Session, _happened: Gone) -> None:
    """Forget the connection."""
    session.leave()


_OPEN: Final[dict[type[Input], Step]] = {
    Subscribe: subscribe,
    Resume: subscribe,
    Unsubscribe: unsubscribe,
    Token: tokens.verify,
    Ping: answer,
    Pong: ignore,
    Change: changing.change,
    Unknown: note,
    Invalid: reject,
    Verified: tokens.refresh,
    Refused: refuse,
    Taken: changing.taken,
    NotTaken: changing.not_taken,
    Tick: clock.tick,
    Shutdown: Session.shutdown,
    Gone: leave,
}

PHASES: Final[dict[Phase, dict[type[Input], Step]]] = {
    Phase.JOINING: _OPEN,  # the same, but a tick closes it in the end: only subscribing leads on
    Phase.OPEN: _OPEN,
    Phase.CLOSED: dict.fromkeys(_OPEN, ignore),
}

TABLE: Final[Mapping[tuple[Phase, type[Input]], Step]] = {
    (phase, kind): step for phase, steps in PHASES.items() for kind, step in steps.items()
}


def receive(session: Session, happened: Input, now_ms: int) -> list[Effect]:
    """Take in one input at this time (ms since 1970); returns what the driver must do."""
    session.begin(now_ms, from_client=isinstance(happened, FROM_CLIENT))
    TABLE[session.phase, type(happened)](session, happened)
    return session.take_effects()
