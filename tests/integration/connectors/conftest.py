"""A real PostgreSQL for the tests of this folder, with AgentHub's tables."""

import os
from collections.abc import Iterator

import pytest

from tests.integration.connectors.agenthub import SCHEMA
from tests.integration.connectors.platform_tables import Tables
from tests.integration.connectors.postgres_server import MISSING, PostgresServer, programs


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Give one server per file of tests. Without PostgreSQL the tests are skipped; with CI=true they fail."""
    bin_ = programs()
    if bin_ is None:
        assert os.environ.get("CI") != "true", MISSING
        pytest.skip(MISSING)
    found = PostgresServer(bin_)
    try:
        found.start()
        yield found
    finally:
        found.remove()


@pytest.fixture
def postgres(server: PostgresServer) -> Iterator[PostgresServer]:
    """Give the server with fresh tables; what a test made for replication is dropped after it."""
    link = server.connect()
    with link.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        cursor.execute(SCHEMA)
    link.close()
    yield server
    link = server.connect()
    with link.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active")
        cursor.execute("SELECT slot_name FROM pg_replication_slots")
        for (name,) in cursor.fetchall():
            cursor.execute(
                "DO $$ BEGIN FOR i IN 1..50 LOOP IF NOT (SELECT active FROM pg_replication_slots WHERE slot_name = %s) THEN EXIT; END IF;"
                " PERFORM pg_sleep(0.1); END LOOP; END $$",
                (name,),
            )
            cursor.execute("SELECT pg_drop_replication_slot(%s)", (name,))
        cursor.execute("SELECT pubname FROM pg_publication")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP PUBLICATION "{name}"')
    link.close()


@pytest.fixture
def tables(postgres: PostgresServer) -> Tables:
    """Return two projects with tasks."""
    found = Tables(postgres)
    found.fill(1, 6)
    found.fill(2, 4)
    return found
