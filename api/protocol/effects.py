"""What a driver must do for a session, besides sending what is due."""

from msgspec import Struct

from api.protocol.writes import Write


class Close(Struct, frozen=True):
    """Send what is due, then close with this code and reason."""

    code: int
    reason: str


class Verify(Struct, frozen=True):
    """Check this token and answer with `Verified` or `Refused`."""

    token: str


class Append(Struct, frozen=True):
    """Write this change to the log and answer with `Taken` or `NotTaken`. trace: the client's `traceparent`."""

    write: Write
    trace: str | None = None


Effect = Close | Verify | Append
