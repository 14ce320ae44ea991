"""Checksums that are cheap to move: of tasks, to see drift in O(1), and of event ids, to know a retry."""

import hashlib
from typing import Final
from zlib import crc32

from schemas.rows import TaskSummary

MASK: Final = (1 << 53) - 1
"""53 bits: what a JSON number carries exactly everywhere."""


def task_digest(task: TaskSummary) -> int:
    """Return what one live task adds to the digest of its branch and project."""
    return crc32(f"{task.id}|{task.status}|{task.priority}|{task.stamp}".encode())


def id_hash(event_id: str) -> int:
    """Return the 53 bits under which a row remembers an event."""
    return int.from_bytes(hashlib.blake2b(event_id.encode(), digest_size=8).digest()) & MASK
