"""From changes to events. Pure: the same version of the same file always gives the same events, byte for byte."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from connectors.board import Change
from schemas.events import Event, Fields
from schemas.topics import MAX_ID_CHARS
from schemas.words import Source

NAMESPACE: Final = uuid.UUID("6f0f9a52-6b3c-5f7e-9d43-0a6f2b9c7d11")
MAX_SLUG_CHARS: Final = 48
_MS: Final = 1000
_encode = msgspec.json.Encoder(order="deterministic").encode


class Origin(Struct, frozen=True):
    """Where events come from: which connector, for which project, from which file (path inside its repository)."""

    connector: str
    project_id: str
    path: str
    source: Source = "mcp-ai"

    @property
    def name(self) -> str:
        """The `origin` of its events: versions are compared among events of the same one."""
        return f"{self.connector}:{self.project_id}"


class Moment(Struct, frozen=True):
    """When a version was: its name (a commit's id or `file`), its number and its time in milliseconds since 1970; and whose it is."""

    name: str
    number: int
    time_ms: int
    author: str = ""


def slug(name: str) -> str:
    """Return the project id for a name: lower case, letters, digits, `.`, `_` and single dashes, at most 48 characters."""
    kept = "".join(char if char.isalnum() or char in "._" else "-" for char in name.lower())
    return "-".join(part for part in kept.split("-") if part)[:MAX_SLUG_CHARS].strip("-.") or "project"


def events(origin: Origin, moment: Moment, changes: Iterable[Change]) -> Iterator[Event]:
    """Yield one event per change, in order. Every event of a version has the version's number: a row changes once in each.

    Their session is the version's author, or the connector: ids do not depend on it, since they say what changed and not who did it.
    """
    occurred_at = iso(moment.time_ms)
    session = moment.author[:MAX_ID_CHARS] or origin.connector
    seed = f"{origin.connector}\n{origin.project_id}\n{origin.path}\n{moment.name}:{moment.number}\n"
    for change in changes:
        content = b"" if change.data is None else _encode(change.data)
        key = f"{seed}{change.entity}\n{change.id}\n{change.kind}\n{change.branch_id}\n{content.decode()}"
        yield Event(
            id=str(uuid.uuid5(NAMESPACE, key)),
            entity=change.entity,
            action="update" if change.kind == "move" else change.kind,
            project_id=origin.project_id,
            entity_id=change.id,
            occurred_at=occurred_at,
            source=origin.source,
            session_id=session,
            branch_id=change.branch_id,
            task_id=change.task_id,
            origin=origin.name,
            version=moment.number,
            data=change.data,
        )


def project_change(project_id: str, name: str) -> Change:
    """Return the change that announces the project."""
    return Change("create", "project", project_id, data=Fields(name=name))


def iso(time_ms: int) -> str:
    """Return a time as events carry it: UTC, ISO 8601, milliseconds, `Z`."""
    text = datetime.fromtimestamp(time_ms // _MS, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{time_ms % _MS:03d}Z"


def time_ms(value: str | None, zone: str, default_ms: int) -> int:
    """Return a time in milliseconds since 1970; one without a zone is in `zone`, one that is no time (infinity) the default."""
    try:
        moment = datetime.fromisoformat(value or "")
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
        return max(0, int(aware.astimezone(UTC).timestamp() * _MS))
    except (ValueError, OverflowError):
        return default_ms
