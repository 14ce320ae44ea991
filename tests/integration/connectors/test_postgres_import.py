"""`anabranch import postgres`: a platform's tables read once, and again; real PostgreSQL, real Kafka."""

# ruff: noqa: S608  because the statements are made of the test's own keys

import asyncio

from broker.connection import KafkaSettings
from connectors.publish import Publisher
from schemas.events import Event
from tests.integration.connectors.agenthub import agrees, expected, key
from tests.integration.connectors.outcome import TIMEOUT_S, log, recount, running
from tests.integration.connectors.platform_tables import Tables, agree, fold_into_state, imported
from tests.integration.connectors.postgres_server import PASSWORD, PostgresServer


async def test_an_import_comes_to_what_the_tables_hold(topics: KafkaSettings, postgres: PostgresServer, tables: Tables) -> None:
    """Projects, branches, tasks with their lists, subtasks, the owner; times with and without a zone; a second import changes nothing."""
    tables.run(
        f"UPDATE tasks SET updated_at = '2026-02-03 04:05:06.7+02' WHERE id = '{key(1000, 't')}'",
        f"UPDATE subtasks SET updated_at = '2026-02-03 04:05:06.7', assignees = '[\"@a\", \"@b\"]' WHERE id = '{key(1000, 's')}'",
        f"INSERT INTO task_dependencies VALUES ('{key(1)}', '{key(1001, 't')}', '{key(1000, 't')}')",
        f"UPDATE project_git_branchs SET status = 'archived' WHERE id = '{key(4, 'b')}'",
    )
    for _ in range(2):
        async with running(topics, "import", "postgres", postgres.dsn, env={"PGPASSWORD": PASSWORD}) as run:
            assert (await run.note("imported"))["events"] == {"create": 2 + 2 + 4 + 10 + 10}
            assert await asyncio.wait_for(run.process.wait(), TIMEOUT_S) == 0
        await agree(topics, tables)
    rows, outcomes = await recount(topics)
    assert rows["task", key(1, "p"), key(1001, "t")][1]["dependencies"] == [key(1000, "t")]
    assert rows["subtask", key(1, "p"), key(1000, "s")][1]["assignees"] == ["@a", "@b"]
    assert set(outcomes) <= {"applied", "other entity", "duplicate"}
    found = await log(topics)
    assert {(one.project_id, one.entity_id, one.data and one.data.role) for one in found if one.entity == "member"} == {
        (key(1, "p"), "owner-1", "owner"),
        (key(2, "p"), "owner-2", "owner"),
    }
    times = {one.entity_id: one.occurred_at for one in found}
    assert (times[key(1000, "t")], times[key(1000, "s")]) == ("2026-02-03T02:05:06.700Z", "2026-02-03T04:05:06.700Z")


async def test_an_import_finds_what_was_deleted_since_the_last_one(topics: KafkaSettings, postgres: PostgresServer, tables: Tables) -> None:
    """By what `task-state` knows of this origin: a subtask, a task, a branch with all in it, a project; nothing of another origin."""
    tables.fill(3, 2)
    assert (await imported(topics, postgres)).events == {"create": 28 + 8}
    foreign = Event("f", "task", "create", key(2, "p"), "foreign", "2026-01-01T00:00:00Z", "user", branch_id=key(4, "b"))
    async with Publisher(topics) as publisher:
        await publisher.send([foreign])
        await publisher.flush()
    await fold_into_state(topics)
    tables.run(
        f"DELETE FROM subtasks WHERE id = '{key(2000, 's')}'",
        f"DELETE FROM tasks WHERE id = '{key(2001, 't')}'",
        f"DELETE FROM project_git_branchs WHERE id = '{key(6, 'b')}'",
        f"DELETE FROM projects WHERE id = '{key(1, 'p')}'",
    )
    note = await imported(topics, postgres)
    assert (note.events["delete"], note.text) == (4, ""), "what goes along is not named"
    rows, _ = await recount(topics)
    assert rows.pop(("task", key(2, "p"), "foreign"), None) is not None
    assert agrees({name: row for name, row in rows.items() if name[0] != "member"}, expected(tables.link))
    assert {name[2] for name in rows if name[0] == "member"} == {"owner-2", "owner-3"}
    assert "events are not folded yet" in (await imported(topics, postgres)).text
    await fold_into_state(topics)
    assert "delete" not in (await imported(topics, postgres)).events, "each is deleted once"


async def test_another_database_under_the_same_origin_is_left_alone(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables
) -> None:
    """Where not one project of before is in the tables, nothing is deleted, and it is said why."""
    await imported(topics, postgres)
    await fold_into_state(topics)
    tables.run("DELETE FROM projects")
    tables.fill(7, 1)
    note = await imported(topics, postgres)
    assert "delete" not in note.events
    assert "2 projects came under the origin agenthub" in note.text
    assert {name[1] for name in (await recount(topics))[0]} == {key(number, "p") for number in (1, 2, 7)}
