"""Frames as a few lines of text, for readers that pay for every word: what changed, newest state only, within a budget."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

CHARS_PER_TOKEN: Final = 4
"""A rough measure, on the safe side for English and JSON."""
_SHOWN: Final = ("status", "priority", "title", "branch_id", "total_tasks", "completed_tasks", "name")


class News(Struct, frozen=True):
    """lines: oldest first. sequence: of the last frame that is told in full; ask for what comes after it. more: frames were left out."""

    lines: list[str]
    sequence: int
    more: bool


_decode = msgspec.json.Decoder().decode


def news_of(frames: Iterable[tuple[int, bytes]], since: int, max_tokens: int) -> News:
    """Return what (sequence, frame) pairs say, whole frames only, as many as the budget holds but at least one."""
    lines: list[str] = []
    left = max_tokens * CHARS_PER_TOKEN
    last = since
    for sequence, data in frames:
        told = lines_of(_decode(data))
        size = sum(len(line) + 1 for line in told)
        if lines and size > left:
            return News(lines, last, more=True)
        lines += told
        left -= size
        last = sequence
    return News(lines, last, more=False)


def lines_of(frame: dict[str, Any]) -> list[str]:
    """Return one line for each row that a frame changed, the counts of its branches behind them."""
    payload = frame["payload"]
    data, metadata = payload["data"], frame["metadata"]
    primary = data["primary"]
    changes = primary if isinstance(primary, list) else [{"entity": payload["entity"], "action": payload["action"], "row": primary}]
    who = _who(metadata)
    lines = [f"{change['entity']} {change['row']['id']} {_what(change['action'], change['row'])}{who}" for change in changes]
    return [*lines, *(f"branch {row['id']} now {_fields(row)}" for row in data["cascade"].get("branches", []) if not row.get("deleted"))]


def _who(metadata: dict[str, Any]) -> str:
    merged = metadata.get("merged")
    if merged:
        return f" (agents, {merged['events']} events)"
    return f" (by {metadata.get('userId') or metadata['source']})"


def _what(action: str, row: dict[str, Any]) -> str:
    return "deleted" if row.get("deleted") else f"{action} {_fields(row)}"


def _fields(row: dict[str, Any]) -> str:
    return " ".join(f"{name}={msgspec.json.encode(row[name]).decode()}" for name in _SHOWN if row.get(name) not in {None, ""})
