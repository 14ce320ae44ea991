"""What only a shell can add to pure rules: the time, and a new id that begins with it."""

import secrets
import time
from typing import Final

from api.protocol.times import iso
from api.protocol.writes import Fill
from schemas.ids import uuid7

_ENTROPY_BITS: Final = 74


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return int(time.time() * 1000)


def fill() -> Fill:
    """Return what a change gets that has no id or time of its own."""
    now = now_ms()
    return Fill(uuid7(now, secrets.randbits(_ENTROPY_BITS)), iso(now))
