"""A platform's database followed by the real command: real PostgreSQL, real Kafka, and the log recounted against the tables."""

# ruff: noqa: S608  because the statements are made of the test's own keys

import asyncio
import json
import shutil
import signal
from pathlib import Path

import pytest

from broker.connection import KafkaSettings
from broker.reading import reading
from connectors.publish import Publisher
from schemas.events import Event
from schemas.topics import TASK_CHANGES
from tests.integration.connectors.agenthub import agrees, expected, key
from tests.integration.connectors.outcome import TIMEOUT_S, log, recount, traces
from tests.integration.connectors.platform_tables import Tables, agree, fold_into_state, imported, watching
from tests.integration.connectors.postgres_server import PostgresServer


async def test_everything_that_happens_to_tables_arrives(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """Changes, moves within and between projects, cascades, changed keys, a rollback, a truncate; each transaction whole."""
    task, subtask, branch, project = key(1000, "t"), key(1001, "s"), key(3, "b"), key(1, "p")
    async with watching(topics, postgres, tmp_path) as run:
        assert (await run.note("snapshot"))["events"] == {"create": 28}
        await agree(topics, tables)
        steps = [
            f"UPDATE tasks SET status = 'done', progress_percentage = 100 WHERE id = '{task}'",
            f"UPDATE tasks SET git_branch_id = '{branch}' WHERE id = '{task}'",
            f"INSERT INTO task_assignees VALUES ('{key(77)}', '{task}', '@zeta'); DELETE FROM task_assignees WHERE id = '{key(1000)}'",
            f"UPDATE tasks SET git_branch_id = '{key(4, 'b')}' WHERE id = '{task}'",
            f"UPDATE subtasks SET task_id = '{key(1002, 't')}' WHERE id = '{subtask}'",
            f"UPDATE project_git_branchs SET project_id = '{key(2, 'p')}' WHERE id = '{branch}'",
            f"UPDATE subtasks SET id = '{key(99, 's')}' WHERE id = '{subtask}'",
            f"DELETE FROM tasks WHERE id = '{task}'",
            Tables.task(1000, key(2, "b")),
            f"DELETE FROM project_git_branchs WHERE id = '{key(2, 'b')}'",
            f"UPDATE projects SET user_id = 'somebody', name = 'Renamed' WHERE id = '{project}'",
            "BEGIN; UPDATE tasks SET status = 'review'; ROLLBACK",
            "TRUNCATE subtasks",
        ]
        for step in steps:
            tables.run(step)
            await agree(topics, tables)
        tables.run(f"DELETE FROM projects WHERE id = '{project}'")
        await agree(topics, tables)
        assert await run.end() == 0
    members = [(one.action, one.entity_id) for one in await log(topics) if (one.entity, one.project_id) == ("member", project)]
    assert members == [("create", "owner-1"), ("delete", "owner-1"), ("create", "somebody")]


async def test_a_transaction_may_name_its_trace(topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path) -> None:
    """What it says of it goes into its events and no others; what is no trace, or was rolled back, does no harm."""
    trace = f"00-{7:032x}-{7:016x}-01"
    changes = [
        (f"SELECT pg_logical_emit_message(true, 'traceparent', '{trace}')", 1000, "COMMIT"),
        (f"SELECT pg_logical_emit_message(true, 'traceparent', '{trace}')", 1001, "ROLLBACK"),
        ("SELECT pg_logical_emit_message(true, 'traceparent', 'nonsense')", 1002, "COMMIT"),
        (f"SELECT pg_logical_emit_message(true, 'other', '{trace}')", 1003, "COMMIT"),
    ]
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        for message, number, end in changes:
            tables.run(f"BEGIN; {message}; UPDATE tasks SET title = 'Traced' WHERE id = '{key(number, 't')}'; {end}")
        await agree(topics, tables)
        assert await run.end() == 0
    found = await traces(topics)
    assert [found[key(number, "t")] for _, number, _ in changes] == [[("traceparent", trace)], [], [], []]


async def test_a_value_stored_apart_is_not_lost(topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path) -> None:
    """PostgreSQL does not send a large value again that did not change; the one from before stands."""
    names = json.dumps([f"@agent-{number:04d}-{'x' * 80}" for number in range(300)])
    tables.run("ALTER TABLE subtasks ALTER COLUMN assignees SET STORAGE EXTERNAL")
    tables.run(f"UPDATE subtasks SET assignees = '{names}' WHERE id = '{key(1000, 's')}'")
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        tables.run(f"UPDATE subtasks SET status = 'done' WHERE id = '{key(1000, 's')}'")
        await agree(topics, tables)
        rows, _ = await recount(topics)
    assert len(rows["subtask", key(1, "p"), key(1000, "s")][1]["assignees"]) == 300


async def test_snapshot_and_stream_meet_without_a_gap(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """While two connections write all the time, the connector starts, is killed at any moment, and starts again; imports run beside it."""
    stop = asyncio.Event()

    async def write(offset: int) -> None:
        own, number = Tables(postgres), 0
        while not stop.is_set():
            number += 1
            task, here, there = 100_000 * (1 + offset) + number, key(2 + number % 4, "b"), key(2 + (number + 1) % 4, "b")
            statements = (
                Tables.task(task, here),
                f"UPDATE tasks SET status = 'in_progress' WHERE id = '{key(task, 't')}'",
                f"UPDATE tasks SET git_branch_id = '{there}' WHERE id = '{key(task, 't')}'",
                f"DELETE FROM tasks WHERE id = '{key(task - 3, 't')}'",
            )
            await asyncio.to_thread(own.run, *statements)
            await asyncio.sleep(0.01)

    writers = [asyncio.create_task(write(offset)) for offset in (0, 1)]
    try:
        for pause_s in (0.1, 0.6):
            async with watching(topics, postgres, tmp_path) as run:
                await run.note("following")
                await asyncio.sleep(pause_s)
                await fold_into_state(topics)  # from then on the import finds deletes, too
                await imported(topics, postgres)
                await run.end(signal.SIGKILL)
    finally:
        stop.set()
        await asyncio.gather(*writers)
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        await agree(topics, tables)
        assert await run.end(signal.SIGTERM) == 0
    _, outcomes = await recount(topics)
    # What an import brings late is known already: its task was deleted meanwhile (late), or the task above its subtask (orphan).
    assert set(outcomes) <= {"applied", "other entity", "stale", "duplicate", "late", "kept", "orphan"}


async def arrived(settings: KafkaSettings, count: int) -> None:
    """Wait until the log has so many events; told within milliseconds."""
    async with reading(settings, settings.topic(TASK_CHANGES)) as (consumer, places):
        while sum((await consumer.end_offsets(places)).values()) < count:  # noqa: ASYNC110  because the event is in Kafka
            await asyncio.sleep(0.001)


async def test_a_kill_within_a_large_transaction_only_repeats(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """Half of it may be in Kafka: the server sends all of it again, with the same ids and versions."""
    insert = (
        "INSERT INTO tasks (id, title, git_branch_id) SELECT ('30000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Task ' || n,"
        f" '{key(2, 'b')}' FROM generate_series(50000, 55000) n; UPDATE tasks SET status = 'done'; DELETE FROM tasks WHERE title LIKE '%7'"
    )
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        await asyncio.to_thread(tables.run, insert)
        await arrived(topics, 2500)
        await run.end(signal.SIGKILL)
    async with watching(topics, postgres, tmp_path) as run:
        await agree(topics, tables)
    found = [event.id for event in await log(topics)]
    assert len(found) > len(set(found))
    assert set((await recount(topics))[1]) <= {"applied", "other entity", "stale", "duplicate", "late", "kept"}


async def test_a_snapshot_that_was_cut_off_forgets_nothing(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """Rows that a first attempt sent, and that were deleted before the second, are deleted in the log too."""
    for number in range(3, 9):
        tables.fill(number, 150)
    async with watching(topics, postgres, tmp_path) as run:
        for _ in range(600):
            if (await recount(topics))[0]:
                break
            await asyncio.sleep(0.02)
        await run.end(signal.SIGKILL)
    tables.run(f"DELETE FROM projects WHERE id = '{key(1, 'p')}'", f"DELETE FROM tasks WHERE id = '{key(3003, 't')}'")
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        await agree(topics, tables)


async def test_the_server_may_restart_crash_and_lose_the_slot(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """The connector waits and goes on; without its slot it reads everything anew, and finds what was deleted meanwhile."""
    async with watching(topics, postgres, tmp_path) as run:
        await run.note("following")
        for number in (signal.SIGINT, signal.SIGQUIT):
            tables.run(f"UPDATE tasks SET status = 'review' WHERE id = '{key(1001, 't')}'")
            postgres.stop(number)
            await run.note("trouble")
            postgres.start()
            tables = Tables(postgres)
            tables.run(f"UPDATE tasks SET title = 'After {number.name}' WHERE id = '{key(1002, 't')}'")
            await run.note("following")
            await agree(topics, tables)
        await run.end()
    tables.run("SELECT pg_drop_replication_slot('anabranch')", f"DELETE FROM tasks WHERE id = '{key(1003, 't')}'")
    async with watching(topics, postgres, tmp_path) as run:
        assert (await run.note("snapshot"))["events"]["delete"] == 2
        await agree(topics, tables)


async def test_the_servers_log_is_let_go(topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path) -> None:
    """Also when only other tables change; and a log that waits for us is told."""
    tables.run("CREATE TABLE other (x text)")
    async with watching(topics, postgres, tmp_path, "--warn-lag-mib", "1") as run:
        await run.note("following")
        tables.run(*("INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 2000)" for _ in range(4)))
        for _ in range(300):
            with tables.link.cursor() as cursor:
                cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) FROM pg_replication_slots")
                if cursor.fetchone()[0] < 1_000_000:
                    break
            await asyncio.sleep(0.1)
        else:
            pytest.fail("the slot holds the log of tables that are not followed")
        await run.end(signal.SIGKILL)
    tables.run("INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 4000)")
    tables.run(*(f"UPDATE tasks SET title = 'Title {number}'" for number in range(3000)))
    async with watching(topics, postgres, tmp_path, "--warn-lag-mib", "1") as run:
        assert "MiB of its log" in (await run.note("lag"))["text"]


async def test_one_at_a_time_and_never_without_its_memory(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """A second one, or one whose memory is lost, is told what to do; --restart reads everything anew."""
    async with watching(topics, postgres, tmp_path / "a") as run:
        await run.note("following")
        for data in ("a", "b"):
            async with watching(topics, postgres, tmp_path / data) as other:
                assert await asyncio.wait_for(other.process.wait(), TIMEOUT_S) == 2
        await run.end()
    async with watching(topics, postgres, tmp_path / "b", "--restart") as run:
        assert (await run.note("snapshot"))["events"] == {"create": 28}
        await agree(topics, tables)


async def test_a_restart_without_its_memory_finds_what_was_deleted_meanwhile(
    topics: KafkaSettings, postgres: PostgresServer, tables: Tables, tmp_path: Path
) -> None:
    """By what `task-state` knows of this origin: a task, a subtask, a branch with all in it, a project; nothing of another origin."""
    async with watching(topics, postgres, tmp_path / "a") as run:
        await run.note("following")
        await agree(topics, tables)
        await run.end()
    foreign = Event("f", "task", "create", key(2, "p"), "foreign", "2026-01-01T00:00:00Z", "user", branch_id=key(4, "b"))
    async with Publisher(topics) as publisher:
        await publisher.send([foreign])
        await publisher.flush()
    await fold_into_state(topics)
    shutil.rmtree(tmp_path / "a")
    tables.run(
        f"DELETE FROM subtasks WHERE id = '{key(2000, 's')}'",
        f"DELETE FROM tasks WHERE id = '{key(2001, 't')}'",
        f"DELETE FROM projects WHERE id = '{key(1, 'p')}'",
    )
    async with watching(topics, postgres, tmp_path / "b", "--restart") as run:
        counts = (await run.note("snapshot"))["events"]
        assert counts["delete"] == 3, "what goes along is not named"
        rows, _ = await recount(topics)
        assert rows.pop(("task", key(2, "p"), "foreign"), None) is not None
        assert agrees({name: row for name, row in rows.items() if name[0] != "member"}, expected(tables.link))
        assert {name[2] for name in rows if name[0] == "member"} == {"owner-2"}
        await run.end()
