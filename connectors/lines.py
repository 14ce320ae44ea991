"""Events as lines of JSON: which of them can be sent, and why the others cannot. Pure: bytes in, verdicts out."""

from typing import Final

import msgspec
from msgspec import Struct
from pydantic import ValidationError

from connectors.debezium import unwrapped
from schemas.contract import TaskChange
from schemas.events import Event, decode_event, encode_event
from schemas.topics import MAX_EVENT_BYTES

_TEXT_CHARS: Final = 60


class Refusal(Struct, frozen=True):
    """A line (1-based) that cannot be sent, and why. `text` is its beginning."""

    line: int
    reason: str
    text: str


class Lines:
    """Cuts a stream of bytes into numbered lines. Of a line that is too long for any event only the beginning is kept."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0

    def feed(self, chunk: bytes) -> list[tuple[int, bytes]]:
        """Return the lines that a chunk completes, without the empty ones; an empty chunk ends the stream."""
        *whole, rest = (self._rest + chunk).split(b"\n")
        if not chunk:
            whole, rest = [*whole, rest], b""
        first = self._number + 1
        self._number += len(whole)
        self._rest = rest[: MAX_EVENT_BYTES + 1]
        return [(number, text) for number, line in enumerate(whole, start=first) if (text := _bare(line))]


def _bare(line: bytes) -> bytes:
    """Return a line without the blanks around it; one that is too long stays so, since what followed it may be cut off."""
    return line if len(line) > MAX_EVENT_BYTES else line.strip(b" \t\r")


def judge(number: int, line: bytes) -> Event | Refusal:
    """Return the event of a line, or why it breaks the contract `schemas.contract.TaskChange`. Never raises on content.

    A line may be a record of Debezium's outbox event router: then it is the event inside.
    """
    if len(line) > MAX_EVENT_BYTES:
        return _refusal(number, line, f"it is longer than the {MAX_EVENT_BYTES} bytes that are allowed")
    try:
        bare = unwrapped(line)
        event = decode_event(bare)
        TaskChange.model_validate_json(bare)
    except ValidationError as error:
        return _refusal(number, line, _first(error))
    except msgspec.ValidationError as error:
        return _refusal(number, line, f"not an event: {error}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _refusal(number, line, f"not JSON: {error}")
    if (size := len(encode_event(event))) > MAX_EVENT_BYTES:
        return _refusal(number, line, f"the event has {size} bytes; {MAX_EVENT_BYTES} are allowed")
    return event


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _refusal(number: int, line: bytes, reason: str) -> Refusal:
    return Refusal(number, reason, line[:_TEXT_CHARS].decode(errors="replace"))
