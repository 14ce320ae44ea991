"""What the connector knows of the database's rows: enough to say where a deleted row was, and what moves along with a parent.

One SQLite file holds it together with the place in PostgreSQL's log up to which it is true; both change in one transaction.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from schemas.events import Fields
from schemas.failure import Failure, UsageFailure

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS rows (
  kind TEXT NOT NULL, id TEXT NOT NULL, parent TEXT NOT NULL, project TEXT NOT NULL, data BLOB NOT NULL, seen INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS below ON rows (kind, parent);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Fields).decode


class Known(Struct, frozen=True):
    """One row. parent: its project, branch or task (of a project: its owner). project: "" while its parent is not known."""

    kind: str
    id: str
    parent: str
    project: str
    data: Fields


class Memory:
    """The rows and the notes. Nothing is kept before `commit`. Raises `UsageFailure` when another process uses the file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.generation = 0
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(str(path) if path is not None else ":memory:", isolation_level=None, timeout=0.5)
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(_TABLES)
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageFailure(f"Another process works with {path}: end it first, or name another --slot.") from None
            raise Failure(f"{path} cannot be used: {error}.") from None
        except (sqlite3.DatabaseError, OSError) as error:
            raise Failure(f"{path} cannot be used ({error}): mend it, or delete it and start with --restart.") from None

    def get(self, kind: str, row_id: str) -> Known | None:
        """Return a row."""
        found = self._db.execute("SELECT parent, project, data FROM rows WHERE kind = ? AND id = ?", (kind, row_id)).fetchone()
        return None if found is None else Known(kind, row_id, found[0], found[1], _decode(found[2]))

    def put(self, row: Known) -> None:
        """Keep a row; it was seen in this generation."""
        values = (row.kind, row.id, row.parent, row.project, _encode(row.data), self.generation)
        self._db.execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?)", values)

    def drop(self, kind: str, row_id: str) -> None:
        """Forget a row."""
        self._db.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, row_id))

    def below(self, kind: str, parent: str) -> list[Known]:
        """Return the rows of a kind with this parent, in the order of their ids."""
        found = self._db.execute("SELECT id, project, data FROM rows WHERE kind = ? AND parent = ? ORDER BY id", (kind, parent))
        return [Known(kind, row_id, parent, project, _decode(data)) for row_id, project, data in found.fetchall()]

    def all_of(self, kind: str) -> Iterator[Known]:
        """Yield the rows of a kind, in the order of their ids."""
        found = self._db.execute("SELECT id, parent, project, data FROM rows WHERE kind = ? ORDER BY id", (kind,)).fetchall()
        return (Known(kind, row_id, parent, project, _decode(data)) for row_id, parent, project, data in found)

    def ids(self, kind: str, *, unseen: bool = False) -> Iterator[str]:
        """Yield the ids of a kind, or only of those that this generation did not see."""
        newest = self.generation - 1 if unseen else self.generation
        found = self._db.execute("SELECT id FROM rows WHERE kind = ? AND seen <= ? ORDER BY id", (kind, newest)).fetchall()
        return (row_id for (row_id,) in found)

    def note(self, name: str) -> str | None:
        """Return a note."""
        found = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def write(self, **notes: object) -> None:
        """Write notes."""
        self._db.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", [(name, str(value)) for name, value in notes.items()])

    def number(self, name: str) -> int:
        """Return a note that is a number, 0 without one."""
        return int(self.note(name) or 0)

    def forget(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM rows")
        self._db.execute("DELETE FROM notes")

    def commit(self) -> None:
        """Keep all changes for good."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def rollback(self) -> None:
        """Undo all changes since the last `commit`."""
        self._db.execute("ROLLBACK")
        self._db.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Close the file; what was not committed is undone."""
        self._db.close()
