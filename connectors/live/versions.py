"""Which version a sight of a file is, and whether its writer may be done. Pure but for the look into git."""

from typing import Final

import msgspec

from connectors.app import Connector
from connectors.history import Place, Version, version_of
from schemas.events import decode_any

SHRUNK: Final = 0.9
"""A file that lost more than a tenth at once may be half written: it is given more time, and then believed."""


def next_version(place: Place, content: bytes | None, changed_ms: int, last: int) -> Version:
    """Return the version of a content, always above `last`. A file that is gone reads as an empty one, as in a history.

    Where the content is that of the last commit, name, number and so ids are those that an import of the history gives it. A
    content that comes back (another branch checked out, a commit undone) is newer than what it replaces, whatever its commit says.
    """
    found = version_of(place, content or b"", changed_ms)
    if found.number > last:
        return found
    return Version("file", max(changed_ms, last + 1), max(changed_ms, found.time_ms), found.content)


def may_be_whole(connector: Connector, content: bytes, before: bytes) -> bool:
    """Say whether a writer may well be done with this content."""
    if not content.strip() or len(content) < SHRUNK * len(before):
        return False
    tail = content if connector == "taskmaster" else content[content.rstrip().rfind(b"\n") + 1 :]
    try:
        decode_any(tail)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
