"""`anabranch import postgres` and `anabranch watch postgres`: the tables of a platform, once or live."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from broker.reach import quiet_clients
from cli.interrupt import until_signal
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from schemas.failure import UsageFailure

if TYPE_CHECKING:
    from connectors.postgres.app import Note
    from connectors.postgres.trouble import Address

VARIABLE: Final = "ANABRANCH_POSTGRES_DSN"
_LIBPQ: Final = ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE")

Dsn = Annotated[
    str | None,
    typer.Argument(
        metavar="[DSN]", help=f"postgresql://user@host/database, without a password; default: {VARIABLE}, then PGHOST and so on."
    ),
]
Mapping_ = Annotated[Path | None, typer.Option("--mapping", metavar="FILE", help="YAML with table and column names; default: AgentHub's.")]
Slot = Annotated[str, typer.Option("--slot", metavar="NAME", help="Replication slot and publication to use, made when missing.")]
Restart = Annotated[bool, typer.Option("--restart", help="Read all tables anew, with a new slot.")]
WarnLag = Annotated[int, typer.Option("--warn-lag-mib", min=1, help="Warn when the database keeps so much of its log for us.")]


def import_postgres(
    dsn: Dsn = None, *, mapping: Mapping_ = None, data: Data = DEFAULT_DATA, kafka: Kafka = None, as_json: Json = False
) -> None:
    """Import the tables of a PostgreSQL database as they are now. Importing again deletes what is gone from them, and no more."""
    from connectors.postgres.app import run_import  # noqa: PLC0415  because only these commands need PostgreSQL's client
    from connectors.postgres.mapping import load_mapping  # noqa: PLC0415  with it

    address, tables = address_of(dsn), load_mapping(mapping)
    settings = kafka_settings(data, kafka)
    with quiet_clients():
        note = asyncio.run(run_import(address, tables, settings))
    (tell_json if as_json else tell)(note)


def watch_postgres(  # noqa: PLR0913  because every option of the command is an argument
    dsn: Dsn = None,
    *,
    mapping: Mapping_ = None,
    slot: Slot = "anabranch",
    restart: Restart = False,
    warn_lag_mib: WarnLag = 512,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Follow the tables of a PostgreSQL database by logical replication: all rows first, then every commit."""
    from connectors.postgres.app import Follower, Plan  # noqa: PLC0415  because only these commands need PostgreSQL's client
    from connectors.postgres.mapping import load_mapping  # noqa: PLC0415  with it

    if re.fullmatch(r"[a-z0-9_]{1,63}", slot) is None:
        raise UsageFailure(f"{slot!r} is no name of a slot: it has small letters, digits and _, at most 63.")
    plan = Plan(address_of(dsn), load_mapping(mapping), slot, restart, warn_lag_mib)
    settings = kafka_settings(data, kafka)
    follower = Follower(plan, data, tell_json if as_json else tell)
    with quiet_clients():
        asyncio.run(until_signal(follower.run(settings)))


def address_of(given: str | None) -> "Address":
    """Return where the database is: the argument, else the environment. Raises `UsageFailure`."""
    from connectors.postgres.trouble import Address  # noqa: PLC0415  with it

    if given is not None:
        return Address(given, from_arguments=True)
    if VARIABLE not in os.environ and not any(name in os.environ for name in _LIBPQ):
        raise UsageFailure(f"Which database? Give postgresql://user@host/database, or set {VARIABLE}, or PGHOST and PGDATABASE.")
    return Address(os.environ.get(VARIABLE, ""), from_arguments=False)


def tell_json(note: "Note") -> None:
    """Write a note for a script, one object a line."""
    sys.stdout.write(msgspec.json.encode(note).decode() + "\n")
    sys.stdout.flush()


def tell(note: "Note") -> None:
    """Write a note for a person; warnings go to the standard error."""
    stream = sys.stderr if note.what in {"lag", "trouble"} else sys.stdout
    stream.write(sentence_of(note) + "\n")
    stream.flush()


def sentence_of(note: "Note") -> str:
    """Return what a person reads of a note."""
    counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(note.events.items())) or "nothing"
    match note.what:
        case "imported" | "snapshot":
            return f"All rows as of {note.lsn}: {counts}." + (f" {note.text}" if note.text else "")
        case "changed":
            return counts
        case "following" | "lag" | "trouble":
            return note.text
