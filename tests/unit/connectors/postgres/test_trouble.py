"""Where the database is, and what is said of it."""

import psycopg2
import pytest

from connectors.postgres.trouble import Address, reaching
from schemas.failure import Failure, UsageFailure


def test_an_address_shows_no_password() -> None:
    """Neither its text nor a reason that somebody gives."""
    address = Address("postgresql://u:hidden@db:5432/shop", from_arguments=False)
    assert repr(address) == "db:5432/shop"
    assert address.hide("refused for u:hidden\nmore") == "refused for u:***"
    assert set(address.parts) >= {"host", "password"}
    with pytest.raises(Failure, match=r"db:5432/shop does not answer, or refuses \(\*\*\* is wrong"), reaching(address):
        raise psycopg2.OperationalError("hidden is wrong")


def test_a_password_among_arguments_is_refused() -> None:
    """And is not repeated; nor is a DSN that is none."""
    for dsn in ("postgresql://u:hidden@db/shop", "host=db password=hidden"):
        with pytest.raises(UsageFailure, match="PGPASSFILE") as refused:
            Address(dsn, from_arguments=True)
        assert "hidden" not in str(refused.value)
    with pytest.raises(UsageFailure, match="none of PostgreSQL's") as refused:
        Address("postgresql://u:hidden@db:port/shop?nonsense", from_arguments=True)
    assert "hidden" not in str(refused.value)
