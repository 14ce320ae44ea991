"""Checksums that are cheap to move: of tasks, to see drift in O(1), and of event ids, to know a retry."""

from hashlib import blake2b
from typing import Final
from zlib import crc32

from schemas.rows import TaskSummary

MASK: Final = (1 << 53) - 1
"""53 bits: what a JSON number carries exactly everywhere."""
HASH_CHARS: Final = 14


def task_digest(task: TaskSummary) -> int:
    """Return what one live task adds to the digest of its branch and project."""
    return crc32(f"{task.id}|{task.status}|{task.priority}|{task.stamp}".encode())


def id_hash(event_id: str) -> str:
    """Return the 56 bits under which a row remembers an event, as 14 hex digits."""
    return blake2b(event_id.encode(), digest_size=7).hexdigest()
