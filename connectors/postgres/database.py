"""The database as an ordinary client sees it: what must hold before anything is read, the rows of a snapshot, the state of a slot."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg2
from msgspec import Struct
from psycopg2 import sql
from psycopg2.extensions import connection
from psycopg2.extras import LogicalReplicationConnection

from connectors.facts import time_ms
from connectors.postgres.mapping import Entity, Listed, Mapping, Members
from connectors.postgres.pgoutput import RowChange
from connectors.postgres.trouble import Address
from connectors.postgres.values import text_of
from schemas.failure import UsageFailure

CHUNK_ROWS: Final = 2000
_COLUMN_LISTS_SINCE: Final = 150_000
_CONNECT_S: Final = 10
_COLUMNS: Final = """
SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
_IDENTITY: Final = """
SELECT c.relreplident, (
  SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
  WHERE i.indrelid = c.oid AND (CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'd' THEN i.indisprimary ELSE false END)
  AND a.attname = ANY (%s)
) = %s FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""
_SLOT: Final = """
SELECT wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint, active
FROM pg_replication_slots WHERE slot_name = %s AND database = current_database()
"""
Part = Entity | Listed | Members


class Slot(Struct, frozen=True):
    """A replication slot. lag_bytes: log that the server keeps for it. lost: the server gave up keeping it."""

    lag_bytes: int
    lost: bool
    active: bool


def connect(address: Address, *, replication: bool = False) -> connection:
    """Return a connection whose times are in UTC. Raises `psycopg2.Error`."""
    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_S,
        "application_name": "anabranch",
        "options": "-c TimeZone=UTC -c DateStyle=ISO",
        "keepalives_idle": 30,  # a server that vanished without a word is noticed within a minute
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        **address.parts,
    }
    made: connection = psycopg2.connect(**options, connection_factory=LogicalReplicationConnection if replication else None)
    if not replication:
        made.autocommit = True
    return made


def check(link: connection, mapping: Mapping, *, live: bool) -> None:
    """Raise `UsageFailure` for what the database lacks: tables, columns; to follow it live also its settings and row identities."""
    with link.cursor() as cursor:
        if live:
            cursor.execute("SHOW wal_level")
            if _one(cursor) != "logical":
                raise UsageFailure(
                    "The database's wal_level is not logical: ALTER SYSTEM SET wal_level = logical, then restart PostgreSQL."
                )
        for part in mapping.parts:
            cursor.execute(_COLUMNS, part.place)
            there = {name for (name,) in cursor.fetchall()}
            if not there:
                raise UsageFailure(f"The database has no table {part.table}, or this user may not see it: name another in --mapping.")
            missing = [name for name in part.columns if name not in there]
            if missing:
                raise UsageFailure(f"The table {part.table} has no column {missing[0]}: name another in --mapping.")
            if live:
                cursor.execute(_IDENTITY, (list(part.key), len(part.key), *part.place))
                _check_identity(part, cursor.fetchall())


def _check_identity(part: Part, found: list[tuple[str, bool]]) -> None:
    """Refuse a table whose rows have no identity: published, it would refuse its own updates, and the platform would stand."""
    if not any(identity == "f" or has_id for identity, has_id in found):
        raise UsageFailure(
            f"Rows of the table {part.table} have no identity with {', '.join(part.key)} in it: give it a primary key on it, "
            f"or ALTER TABLE {part.table} REPLICA IDENTITY FULL."
        )


def publish(link: connection, mapping: Mapping, name: str) -> None:
    """Make the publication unless there is one; one that lacks a table raises `UsageFailure`. Only what is read is published."""
    with link.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_publication WHERE pubname = %s", (name,))
        if cursor.fetchone() is None:
            lists = link.server_version >= _COLUMN_LISTS_SINCE
            tables = sql.SQL(", ").join(_published(part, lists=lists and not _is_full(cursor, part)) for part in mapping.parts)
            cursor.execute(sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(sql.Identifier(name), tables))
            return
        cursor.execute("SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = %s", (name,))
        there = set(cursor.fetchall())
        missing = [part.table for part in mapping.parts if part.place not in there]
        if missing:
            raise UsageFailure(f"The publication {name} lacks the table {missing[0]}: ALTER PUBLICATION {name} ADD TABLE {missing[0]}.")


def _is_full(cursor: Any, part: Part) -> bool:  # noqa: ANN401  because cursors have no common type
    cursor.execute(_IDENTITY, (list(part.key), len(part.key), *part.place))
    return any(identity == "f" for identity, _ in cursor.fetchall())


def _published(part: Part, *, lists: bool) -> sql.Composable:
    table = sql.Identifier(*part.place)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in part.columns)
    return sql.SQL("{} ({})").format(table, columns) if lists else table


def slot(link: connection, name: str) -> Slot | None:
    """Return the state of a slot, None when it does not exist in this database."""
    with link.cursor() as cursor:
        cursor.execute(_SLOT, (name,))
        found = cursor.fetchone()
    return None if found is None else Slot(int(found[1] or 0), found[0] == "lost", bool(found[2]))


def drop_slot(link: connection, name: str) -> None:
    """Drop a slot if it exists. Raises `psycopg2.Error` while somebody uses it."""
    with link.cursor() as cursor:
        cursor.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (name,))


def keeps_all(link: connection) -> bool:
    """Say whether the server would keep log for a slot without any bound, to the end of its disk."""
    with link.cursor() as cursor:
        cursor.execute("SHOW max_slot_wal_keep_size")
        return str(_one(cursor)) == "-1"


def log_end(link: connection) -> int:
    """Return the end of the server's log."""
    with link.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn")
        return int(_one(cursor))


def rows(link: connection, mapping: Mapping, snapshot: str | None, now_ms: int) -> Iterator[list[tuple[RowChange, int]]]:
    """Yield all rows as inserts with the times of their last change, in chunks, as of one moment: that of the exported snapshot."""
    link.autocommit = False
    link.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with link.cursor() as cursor:
        if snapshot is not None:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot,))
    for part in mapping.parts:
        with link.cursor(f"anabranch_{part.place[1]}"[:60]) as cursor:
            cursor.itersize = CHUNK_ROWS
            names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in part.columns)
            cursor.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(*part.place)))
            time = part.time if isinstance(part, Entity) else None
            while found := cursor.fetchmany(CHUNK_ROWS):
                changes = [RowChange(part.place, "insert", dict(zip(part.columns, values, strict=True)), {}) for values in found]
                yield [(change, time_ms(text_of(change.new, time), mapping.zone, now_ms)) for change in changes]
    link.rollback()


def _one(cursor: Any) -> Any:  # noqa: ANN401  because cursors have no common type
    (value,) = cursor.fetchone()
    return value
