"""One line of text for a frame, for people."""

from datetime import UTC, datetime
from typing import Any

from cli.plural import counted

Frame = dict[str, Any]


def line_of(frame: Frame) -> str:
    """Return a frame as one line: local time, who, what, and the project's totals after it."""
    when = datetime.fromtimestamp(frame.get("timestamp", 0) / 1000, UTC).astimezone().strftime("%H:%M:%S.%f")[:-3]
    kind = frame.get("type")
    if kind == "update":
        return f"{when}  {_update(frame)}{_totals(frame)}"
    if kind == "bulk":
        return f"{when}  {_bulk(frame)}{_totals(frame)}"
    return f"{when}  {kind} {frame.get('payload', {}).get('action', '')}"


def _update(frame: Frame) -> str:
    payload, metadata = frame["payload"], frame["metadata"]
    row = payload["data"]["primary"]
    name = row.get("title") or row.get("name") or row["id"]
    fields = ", ".join(
        f"{key}={value}" for key, value in (payload["data"].get("delta") or {}).items() if key in {"status", "priority", "title", "name"}
    )
    who = metadata.get("userId") or metadata.get("sessionId") or metadata["source"]
    return f"{who}: {payload['action']} {payload['entity']} {name!r}{f' ({fields})' if fields else ''}"


def _bulk(frame: Frame) -> str:
    if frame["payload"].get("action") == "snapshot":
        return "snapshot"
    merged = frame["metadata"].get("merged") or {}
    sessions = len(merged.get("sessions", ()))
    part = f", part {frame['part']} of {frame['parts']}" if frame.get("parts", 1) > 1 else ""
    changes = counted(merged.get("events", 0), "agent change")
    rows = counted(len(frame["payload"]["data"]["primary"]), "row")
    return f"{changes} to {rows} by {counted(sessions, 'session')}{part}"


def _totals(frame: Frame) -> str:
    data = frame["payload"].get("data") or {}
    projects = (data.get("cascade") or {}).get("projects") or []
    live = [row for row in projects if not row.get("deleted")]
    return "".join(f"  [{row['name']}: {row['completed_tasks']}/{row['total_tasks']} done]" for row in live)
