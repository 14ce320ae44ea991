"""What PostgreSQL's errors mean for a person. Passwords never come out of here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import parse_dsn

from schemas.failure import Failure, UsageFailure

VARIABLE: Final = "ANABRANCH_POSTGRES_DSN"
_SECRET: Final = "password"  # noqa: S105  because it is the name of the parameter


class Address:
    """Where a database is and how to log in. Its text names host, port and database only."""

    def __init__(self, dsn: str, *, from_arguments: bool) -> None:
        try:
            self._parts: dict[str, str] = parse_dsn(dsn)
        except psycopg2.ProgrammingError:
            raise UsageFailure("The DSN is none of PostgreSQL's: write postgresql://user@host:5432/database.") from None
        if from_arguments and _SECRET in self._parts:
            raise UsageFailure(
                "A password among the arguments can be seen by every user of this machine: leave it out and put it into "
                f"PGPASSWORD or a PGPASSFILE, or put the whole DSN into {VARIABLE}."
            )

    @property
    def parts(self) -> dict[str, str]:
        """Keyword arguments for a connection; what is missing comes from PGHOST, PGUSER, PGPASSWORD, PGPASSFILE and so on."""
        return dict(self._parts)

    def __repr__(self) -> str:
        return ":".join(self._parts[name] for name in ("host", "port") if name in self._parts) + "/" + self._parts.get("dbname", "")

    def hide(self, text: str) -> str:
        """Return the first line of a text without the password."""
        line = text.strip().splitlines()[0] if text.strip() else "no reason given"
        secret = self._parts.get(_SECRET)
        return line.replace(secret, "***") if secret else line


@contextmanager
def reaching(address: Address) -> Iterator[None]:
    """Turn the errors of PostgreSQL into a `Failure` that says what to do."""
    try:
        yield
    except psycopg2.Error as error:
        raise Failure(_sentence(address, error)) from None


def _sentence(address: Address, error: psycopg2.Error) -> str:
    reason = address.hide(str(error))
    if isinstance(error, errors.ObjectInUse):
        return f"Another connection to PostgreSQL at {address} uses the slot ({reason}): end it, or name another --slot."
    if isinstance(error, errors.InsufficientPrivilege):
        return f"PostgreSQL at {address} does not allow that ({reason}): docs/howto/postgres.md has the grants."
    if isinstance(error, errors.ConfigurationLimitExceeded):
        return f"PostgreSQL at {address} has no slot or sender left ({reason}): raise max_replication_slots and max_wal_senders."
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return f"PostgreSQL at {address} does not answer, or refuses ({reason}): check that it runs, and host, port, user and password."
    return f"PostgreSQL at {address} answered with an error: {reason}."
