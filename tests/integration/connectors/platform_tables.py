"""A platform that works on its tables, and the command that follows it."""

# ruff: noqa: S608  because the statements are made of the test's own keys

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer

from broker.connection import KafkaSettings, client_options
from broker.records import records_between, span_of
from cli.refold import Refold
from connectors.postgres.app import Note, run_import
from connectors.postgres.mapping import load_mapping
from connectors.postgres.trouble import Address
from schemas.topics import TASK_STATE
from tests.integration.connectors.agenthub import agrees, expected, key
from tests.integration.connectors.outcome import Running, running, until
from tests.integration.connectors.postgres_server import PASSWORD, PostgresServer


class Tables:
    """A connection that changes the tables."""

    def __init__(self, server: PostgresServer) -> None:
        self.link = server.connect()

    def run(self, *statements: str) -> None:
        """Run statements, each a transaction of its own; one with several parts is one transaction."""
        with self.link.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def fill(self, project: int, tasks: int) -> None:
        """Make a project with two branches and tasks in turns, each with a subtask and an assignee."""
        p, first, second = key(project, "p"), key(project * 2, "b"), key(project * 2 + 1, "b")
        self.run(
            f"INSERT INTO projects VALUES ('{p}', 'Project {project}', 'x', 'owner-{project}')",
            f"INSERT INTO project_git_branchs VALUES ('{first}', '{p}', 'main'), ('{second}', '{p}', 'side')",
            *(self.task(project * 1000 + number, (first, second)[number % 2]) for number in range(tasks)),
        )

    @staticmethod
    def task(number: int, branch: str) -> str:
        """Return the transaction that makes a task as a platform does."""
        task = key(number, "t")
        return (
            f"INSERT INTO tasks (id, title, git_branch_id) VALUES ('{task}', 'Task {number}', '{branch}');"
            f"INSERT INTO task_assignees VALUES ('{key(number)}', '{task}', '@coding-agent');"
            f"INSERT INTO subtasks (id, task_id, title) VALUES ('{key(number, 's')}', '{task}', 'Sub {number}')"
        )


@asynccontextmanager
async def watching(settings: KafkaSettings, server: PostgresServer, data: Path, *more: str) -> AsyncIterator[Running]:
    """Run `anabranch watch postgres`; the password is in the environment."""
    arguments = ("watch", "postgres", server.dsn, "--data", str(data), *more)
    async with running(settings, *arguments, env={"PGPASSWORD": PASSWORD}) as run:
        yield run


async def agree(settings: KafkaSettings, tables: Tables, project: str = "") -> None:
    """Wait until the log comes to what the tables hold. project: one that is not theirs."""
    wanted = expected(tables.link)
    await until(
        lambda rows: agrees({name: row for name, row in rows.items() if name[0] != "member" and name[1] != project}, wanted), settings
    )


async def imported(settings: KafkaSettings, server: PostgresServer) -> Note:
    """Do what the command does; return what it tells."""
    return await run_import(Address(f"{server.dsn}?password={PASSWORD}", from_arguments=False), load_mapping(None), settings)


async def fold_into_state(settings: KafkaSettings) -> None:
    """Write the rows that a worker would, from the whole log."""
    spans = await span_of(settings)
    folds = {one: Refold(one, 0, {}) for one in spans}
    async for partition, records in records_between(settings, {}, {one: end for one, (_, end) in spans.items()}):
        folds[partition].take(records)
    async with AIOKafkaProducer(**client_options(settings)) as producer:
        for partition, fold in folds.items():
            for state_key, value in sorted(fold.rows().items(), key=lambda pair: pair[0].startswith(b"offset/")):
                await producer.send_and_wait(settings.topic(TASK_STATE), value, state_key, partition=partition)
