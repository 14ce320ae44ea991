"""Kafka goes away while a file and a database are followed, and comes back."""

# ruff: noqa: S608  because the statements are made of the test's own keys

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from broker.admin import apply_topics
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure
from tests.integration.connectors.agenthub import key
from tests.integration.connectors.outcome import recount, running, until
from tests.integration.connectors.platform_tables import Tables, agree, watching
from tests.integration.connectors.postgres_server import PostgresServer
from tests.integration.connectors.test_webhook import OPENED, receiving


@pytest_asyncio.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[EmbeddedKafka]:
    """Give a broker that the test may stop."""
    broker = EmbeddedKafka(tmp_path / "kafka", heap_mb=256)
    try:
        await broker.start()
    except Failure as failure:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(failure))
    try:
        await apply_topics(broker.settings, profile="dev")
        yield broker
    finally:
        await broker.kill()


async def test_an_outage_of_kafka_is_waited_out(own_kafka: EmbeddedKafka, postgres: PostgresServer, tables: Tables, tmp_path: Path) -> None:
    """What changed meanwhile arrives after it, deletes too; the database's log is kept so long."""
    settings, file = own_kafka.settings, tmp_path / "files" / ".beads" / "issues.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"id": "a", "title": "a"}) + "\n")
    command = ("watch", "beads", str(file), "--data", str(tmp_path))
    async with running(settings, *command) as beads, watching(settings, postgres, tmp_path) as rows:
        await beads.note("changed")
        await rows.note("following")
        await own_kafka.kill()
        tables.run(f"DELETE FROM tasks WHERE id = '{key(1000, 't')}'", f"UPDATE tasks SET title = 'Later' WHERE id = '{key(1001, 't')}'")
        file.write_text(json.dumps({"id": "b", "title": "b"}) + "\n")
        await asyncio.sleep(3)
        tables.run(f"UPDATE tasks SET status = 'done' WHERE id = '{key(1001, 't')}'")
        await own_kafka.start()
        await until(lambda rows: ("task", "files", "b") in rows and ("task", "files", "a") not in rows, settings)
        await agree(settings, tables, project="files")
        assert await beads.end() == 0
        assert await rows.end() == 0


async def test_a_delivery_during_an_outage_is_taken_after_it(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """It is refused as temporary; delivered again it counts once."""
    async with receiving(own_kafka.settings, tmp_path) as (run, sender):
        await own_kafka.kill()
        refused = await sender.deliver("d-1", OPENED)
        assert (refused.status_code, refused.json()["temporary"], refused.headers["retry-after"]) == (503, True, "5")
        await own_kafka.start()
        while (answer := await sender.deliver("d-1", OPENED)).status_code == 503:  # noqa: ASYNC110  because only an answer tells
            await asyncio.sleep(0.2)
        assert answer.json() == {"status": "taken", "events": 3}
        assert await run.end() == 0
    assert (await recount(own_kafka.settings))[1]["applied"] == 3
