"""What a row holds at most, so that it stays short enough for Kafka: words of a project, origins of a row. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from audit.intake import Fact
from schemas.words import DEFAULT_PRIORITY, DEFAULT_STATUS, KNOWN_WORDS, MAX_WORDS

ORIGINS: Final = 64
_DEFAULTS: Final = {"status": DEFAULT_STATUS, "priority": DEFAULT_PRIORITY}


class _Row(Protocol):
    kind: str
    project_id: str
    live: bool
    fields: dict[str, Any]


class Words:
    """Every word that a project ever had, so that its tasks are counted only where there may be too many now."""

    def __init__(self) -> None:
        self._ever: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def crowded(self, fact: Fact, rows: Iterable[_Row]) -> str | None:
        """Say whether a task brings a new word into a project that has as many as it may have; the known ones are always welcome."""
        event = fact.event
        if event.entity != "task" or fact.action == "delete":
            return None
        for kind, default in _DEFAULTS.items():
            word, ever = fact.fields.get(kind), self._ever[event.project_id, kind]
            if word is None or word in KNOWN_WORDS:
                continue
            ever.add(word)
            if len(ever) > MAX_WORDS - len(KNOWN_WORDS):
                tasks = (row for row in rows if row.live and row.kind == "task" and row.project_id == event.project_id)
                now = {row.fields.get(kind, default) for row in tasks}
                if word not in now and len(now) >= MAX_WORDS:
                    return "crowded"
        return None


def with_origin(origins: Mapping[str, int], name: str, version: int) -> dict[str, int]:
    """Return the remembered versions with one more; of too many the lowest is forgotten, of equal ones the first by name."""
    others = sorted((known, other) for other, known in origins.items() if other != name)
    return {other: known for known, other in others[-(ORIGINS - 1) :]} | {name: version}
