"""Which deliveries were taken, and what is known of issues: one SQLite file, written after Kafka's acknowledgement."""

import sqlite3
from pathlib import Path
from typing import Final

from connectors.webhook.github import Issue
from schemas.failure import Failure

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS deliveries (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS old ON deliveries (at_ms);
CREATE TABLE IF NOT EXISTS issues (
  node_id TEXT PRIMARY KEY, project_id TEXT NOT NULL, number TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL
) WITHOUT ROWID;
"""


class Seen:
    """What was seen. keep_ms: deliveries are remembered so long. Raises `Failure` when the file cannot be used."""

    def __init__(self, path: Path, keep_ms: int) -> None:
        self._keep_ms = keep_ms
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(str(path), timeout=5.0)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_TABLES)
        except (sqlite3.DatabaseError, OSError) as error:
            raise Failure(f"{path} cannot be used ({error}): mend it, or delete it.") from None

    def knows(self, *names: str) -> bool:
        """Say whether a delivery was taken: by its id, or by its signature, since the id is not part of what is signed."""
        marks = ", ".join("?" for _ in names)
        found = self._db.execute(f"SELECT 1 FROM deliveries WHERE name IN ({marks})", names)  # noqa: S608  because it is question marks
        return found.fetchone() is not None

    def issue(self, node_id: str) -> Issue | None:
        """Return what is known of an issue."""
        found = self._db.execute("SELECT project_id, number, version, state FROM issues WHERE node_id = ?", (node_id,)).fetchone()
        return None if found is None else Issue(*found)

    def take(self, names: tuple[str, ...], node_id: str, issue: Issue | None, now_ms: int) -> None:
        """Remember a delivery and its issue, for good; an issue that was seen newer stays as it is. Forgets old deliveries."""
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", [(name, now_ms) for name in names])
            self._db.execute("DELETE FROM deliveries WHERE at_ms < ?", (now_ms - self._keep_ms,))
            known = self.issue(node_id)
            if issue is not None and (known is None or issue.version >= known.version):
                row = (node_id, issue.project_id, issue.number, issue.version, issue.state)
                self._db.execute("INSERT OR REPLACE INTO issues VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
