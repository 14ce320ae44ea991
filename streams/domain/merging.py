"""What merging agents' changes saves: a window's messages beside one message with its cascade for each event."""

from collections.abc import Sequence
from typing import Final

from streams.domain.cascade import Look
from streams.domain.node import public_bytes
from streams.domain.records import Out
from streams.domain.windows import Merging, Pending

_CHANGE_BYTES: Final = 305
"""What a message about one change has besides rows: ids, position, who did it, and the names and values that changed."""
_WINDOW_BYTES: Final = 390
"""What a window's message has besides rows, and (next) besides each changed row."""
_ENTRY_BYTES: Final = 43


def note(merging: Merging, pending: Pending, told: Sequence[Out], look: Look) -> None:
    """Count a window that became these messages. Events that are told again are no merging."""
    if pending.alone is None:
        return
    size = sum(len(out.value or b"") for out in told)
    merging.events += pending.merged.events
    merging.messages += len(told)
    merging.bytes += size
    merging.alone_bytes += _alone(pending, pending.alone, size, look)


def _alone(pending: Pending, ancestors: int, size: int, look: Look) -> int:
    """Return about how many bytes a message per event would have: every row as large as those of its kind are now, on average."""
    nodes = [node for key in pending.others if (node := look(key)) is not None]
    above = sum(len(public_bytes(node)) for node in nodes)
    row = max(0, (size - above - _WINDOW_BYTES) // max(1, len(pending.primary)) - _ENTRY_BYTES)
    return pending.merged.events * (_CHANGE_BYTES + row) + ancestors * above // max(1, len(nodes))
