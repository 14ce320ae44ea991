"""What can happen to a session: the client's frames, the driver's answers, the clock."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from api.protocol.access import Principal
from schemas.frames import BAD_DATA, BAD_FRAME, ClientFrame, CloseCode, NewToken, Streams, Want, decode_client_frame
from schemas.messages import Position
from schemas.problems import INVALID_FRAME, Problem


class Subscribe(Struct, frozen=True):
    """The client wants streams. all_projects: it named `project:*` (the original's path does so by itself)."""

    wants: list[Want]


class Resume(Struct, frozen=True):
    """The client lost its place in streams and says where it stands."""

    wants: list[Want]


class Unsubscribe(Struct, frozen=True):
    """The client wants streams no more."""

    wants: list[Want]


class Token(Struct, frozen=True):
    """The client brings a new token."""

    token: str


class Ping(Struct, frozen=True):
    """The client asks whether the edge is there."""


class Pong(Struct, frozen=True):
    """The client is there."""


class Change(Struct, frozen=True):
    """The client changes something."""

    frame: ClientFrame


class Unknown(Struct, frozen=True):
    """A frame of a kind that this version does not know: ignored."""


class Invalid(Struct, frozen=True):
    """A frame that is none of the protocol. code: what the connection is closed with."""

    problem: Problem
    code: CloseCode = BAD_FRAME


class Verified(Struct, frozen=True):
    """Driver: the new token is good."""

    principal: Principal


class Refused(Struct, frozen=True):
    """Driver: the new token is not."""

    problem: Problem


class Taken(Struct, frozen=True):
    """Driver: the change is in the log. known: it was before."""

    message_id: str
    correlation_id: str
    position: Position
    known: bool = False


class NotTaken(Struct, frozen=True):
    """Driver: the change is not in the log."""

    message_id: str
    problem: Problem


class Tick(Struct, frozen=True):
    """Driver: about a second passed."""


class Shutdown(Struct, frozen=True):
    """Driver: the edge is about to end."""

    retry_after_ms: int
    jitter_ms: int


class Gone(Struct, frozen=True):
    """Driver: the socket is closed."""


Input = (
    Subscribe
    | Resume
    | Unsubscribe
    | Token
    | Ping
    | Pong
    | Change
    | Unknown
    | Invalid
    | Verified
    | Refused
    | Taken
    | NotTaken
    | Tick
    | Shutdown
    | Gone
)

FROM_CLIENT: Final = (Subscribe, Resume, Unsubscribe, Token, Ping, Pong, Change, Unknown, Invalid)

_decode_streams = msgspec.json.Decoder(Streams).decode
_decode_token = msgspec.json.Decoder(NewToken).decode


def parse(text: str | bytes | None) -> Input:
    """Return what a text frame of the client means; None: a binary one. Wrong frames are `Invalid`, never an exception."""
    if text is None:
        return Invalid(Problem(INVALID_FRAME, "frames are text"), BAD_DATA)
    try:
        frame = decode_client_frame(text)
        if frame.type == "update":
            return Change(frame)
        make = _MAKERS.get((frame.type, frame.payload.action))
        return Unknown() if make is None else make(frame.payload.data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Invalid(Problem(INVALID_FRAME, str(error)[:200]))


_MAKERS: Final[dict[tuple[str, str], Any]] = {
    ("sync", "subscribe"): lambda data: Subscribe(_decode_streams(data).streams),
    ("sync", "resume"): lambda data: Resume(_decode_streams(data).streams),
    ("sync", "unsubscribe"): lambda data: Unsubscribe(_decode_streams(data).streams),
    ("sync", "token"): lambda data: Token(_decode_token(data).token),
    ("heartbeat", "ping"): lambda _: Ping(),
    ("heartbeat", "pong"): lambda _: Pong(),
}
