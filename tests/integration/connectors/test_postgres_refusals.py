"""What `anabranch watch postgres` refuses, and what it never says."""

import json
from pathlib import Path

import psutil
import pytest

from broker.connection import KafkaSettings
from tests.integration.connectors.outcome import running
from tests.integration.connectors.platform_tables import Tables, watching
from tests.integration.connectors.postgres_server import PASSWORD, PostgresServer


@pytest.mark.usefixtures("tables")
async def test_the_password_comes_out_nowhere(topics: KafkaSettings, postgres: PostgresServer, tmp_path: Path) -> None:
    """Not in `ps`, not in what is printed, not in what is kept; a DSN with one is refused as an argument, taken from the environment."""
    with_password = postgres.dsn.replace("postgres@", f"postgres:{PASSWORD}@")
    async with running(topics, "watch", "postgres", with_password) as run:
        out, err = await run.process.communicate()
        assert run.process.returncode == 2
        assert PASSWORD.encode() not in out + err
    wrong = {"ANABRANCH_POSTGRES_DSN": with_password.replace(PASSWORD, "wr0ng-secret")}
    async with running(topics, "watch", "postgres", env=wrong) as run:
        out, err = await run.process.communicate()
        assert run.process.returncode == 1
        assert b"wr0ng" not in out + err
    passfile = tmp_path / "pass"
    passfile.write_text(f"127.0.0.1:*:*:*:{PASSWORD}\n")
    passfile.chmod(0o600)
    for env in ({"ANABRANCH_POSTGRES_DSN": with_password}, {"ANABRANCH_POSTGRES_DSN": postgres.dsn, "PGPASSFILE": str(passfile)}):
        async with running(topics, "watch", "postgres", "--data", str(tmp_path / "data"), env=env) as run:
            await run.note("following")
            assert PASSWORD not in " ".join(psutil.Process(run.process.pid).cmdline())
            assert PASSWORD not in json.dumps(run.notes)
            await run.end()
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE tasks DROP COLUMN priority", "no column priority"),
        ("DROP TABLE subtasks", "no table subtasks"),
        ("ALTER TABLE subtasks DROP CONSTRAINT subtasks_pkey", "REPLICA IDENTITY"),
        ("CREATE PUBLICATION anabranch FOR TABLE tasks", "ADD TABLE projects"),
    ],
)
async def test_what_the_database_lacks_is_one_sentence(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path, change: str, sentence: str
) -> None:
    """Before anything is made in the database that could stand in the platform's way."""
    tables.run(change)
    async with watching(topics, postgres, tmp_path) as run:
        _, err = await run.process.communicate()
        assert run.process.returncode == 2
    assert sentence in json.loads(err)["error"]
    with tables.link.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_replication_slots")
        assert cursor.fetchone() == (0,)
