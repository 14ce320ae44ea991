"""A task file followed by the real command into a real broker, while everything happens to it that happens to files."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from broker.connection import KafkaSettings
from connectors import taskmaster
from connectors.app import Order, prepare, send
from connectors.facts import Moment, Origin, events, project_change
from connectors.publish import Publisher
from tests.integration.connectors.outcome import TIMEOUT_S, Rows, Running, recount, running, until

FILE = ".beads/issues.jsonl"
PATIENCE_S = "2.0"


def issue(row_id: str, **fields: object) -> str:
    """Return one line."""
    return json.dumps({"id": row_id, "title": row_id, "status": "open", "priority": 2, "issue_type": "task", **fields}) + "\n"


def git(folder: Path, *arguments: str, at: int = 0) -> None:
    """Run git, with a commit time."""
    who = {f"GIT_{role}_{part}": "t@example.invalid" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    days = {f"GIT_{role}_DATE": f"{1_700_000_000 + at} +0000" for role in ("AUTHOR", "COMMITTER")}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env={**os.environ, **who, **days})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository whose main has two commits, and whose branch `other` has one more."""
    folder = tmp_path / "Repo"
    (folder / ".beads").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    for at, lines in enumerate(([issue("a"), issue("z")], [issue("a"), issue("b")])):
        (folder / FILE).write_text("".join(lines))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "m", at=at * 100)
    git(folder, "checkout", "--quiet", "-b", "other")
    (folder / FILE).write_text(issue("a", status="closed") + issue("b") + issue("c"))
    git(folder, "commit", "--quiet", "--all", "--message", "m", at=300)
    git(folder, "checkout", "--quiet", "main")
    return folder


def tasks(rows: Rows, project: str = "repo") -> dict[str, str]:
    """Return the status of each task."""
    return {row_id: str(fields.get("status")) for (kind, home, row_id), (_, fields) in rows.items() if (kind, home) == ("task", project)}


async def shows(settings: KafkaSettings, expected: dict[str, str]) -> None:
    """Wait until the log comes to these tasks."""
    await until(lambda rows: tasks(rows) == expected, settings)


async def write_slowly(file: Path, lines: list[str]) -> None:
    """Write a file anew, each line in two pieces."""
    with file.open("w") as slow:
        for line in lines:
            slow.write(line[:20])
            slow.flush()
            await asyncio.sleep(0.3)
            slow.write(line[20:])
            slow.flush()


async def skipped(run: Running) -> list[dict[str, object]]:
    """Return the next lines that could not be read."""
    while not (note := await run.note("changed"))["skipped"]:
        pass
    return list(note["skipped"])


def watch(repository: Path, data: Path, *more: str) -> tuple[str, ...]:
    """Return the command."""
    return ("watch", "beads", str(repository), "--data", str(data), "--patience", PATIENCE_S, *more)


async def started(run: Running) -> None:
    """Wait until the file is followed and its first content has arrived."""
    await run.note("following")
    await run.note("changed")


async def test_whatever_happens_to_a_file_the_log_comes_to_what_it_says(topics: KafkaSettings, repository: Path, tmp_path: Path) -> None:
    """Writes in pieces, replacement, checkouts there and back, conflict marks, deletes; at the end an import changes nothing."""
    file = repository / FILE
    async with running(topics, *watch(repository, tmp_path / "data")) as run:
        await started(run)
        await shows(topics, {"a": "todo", "b": "todo"})

        await write_slowly(file, [issue("a"), issue("b", status="in_progress"), issue("d")])
        await shows(topics, {"a": "todo", "b": "in_progress", "d": "todo"})
        assert "delete" not in {kind for note in run.notes for kind in note["events"]}

        fresh = file.with_suffix(".new")
        fresh.write_text(issue("a") + issue("d"))
        fresh.rename(file)
        await shows(topics, {"a": "todo", "d": "todo"})

        git(repository, "checkout", "--quiet", "--force", "other")
        await shows(topics, {"a": "done", "b": "todo", "c": "todo"})
        git(repository, "checkout", "--quiet", "main")
        await shows(topics, {"a": "todo", "b": "todo"})

        file.write_text("<<<<<<< HEAD\n" + issue("a") + issue("b"))
        assert [(line["line"], line["text"]) for line in await skipped(run)] == [(1, "<<<<<<< HEAD")]

        (repository / ".beads").rename(repository / "away")
        await run.note("gone")
        await shows(topics, {})
        (repository / "away").rename(repository / ".beads")
        git(repository, "checkout", "--quiet", "--force", "main")
        await shows(topics, {"a": "todo", "b": "todo"})
        assert await run.end() == 0
    before, _ = await recount(topics)
    for history in (True, False):
        await send(prepare(Order("beads", repository, history=history)), topics, lambda _done, _total, _events: None)
        after, _ = await recount(topics)
        assert after == before


async def test_a_history_first_then_live_sends_what_an_import_sends(topics: KafkaSettings, repository: Path, tmp_path: Path) -> None:
    """So an import of the history afterwards is dropped to the last event, as is a commit that was watched."""
    async with running(topics, *watch(repository, tmp_path / "data", "--history")) as run:
        await started(run)
        (repository / FILE).write_text(issue("a") + issue("b") + issue("e"))
        await shows(topics, {"a": "todo", "b": "todo", "e": "todo"})
        git(repository, "commit", "--quiet", "--all", "--message", "m", at=400)
        assert await run.end(signal.SIGTERM) == 0
    before, counted = await recount(topics)
    await send(prepare(Order("beads", repository, history=True)), topics, lambda _done, _total, _events: None)
    after, recounted = await recount(topics)
    assert after == before
    assert recounted["applied"] == counted["applied"]


async def test_what_happened_meanwhile_is_found_after_a_kill(topics: KafkaSettings, repository: Path, tmp_path: Path) -> None:
    """Also deletes, and a checkout of an older commit; and the same again when nothing happened is no event at all."""
    data = tmp_path / "data"
    async with running(topics, *watch(repository, data)) as run:
        await started(run)
        (repository / FILE).write_text(issue("b", status="closed") + issue("f"))
        await shows(topics, {"b": "done", "f": "todo"})
        await run.end(signal.SIGKILL)
    git(repository, "checkout", "--quiet", "--force", "HEAD~1")
    async with running(topics, *watch(repository, data)) as run:
        await run.note("following")
        await shows(topics, {"a": "todo", "z": "todo"})
        assert await run.end() == 0
    _, counted = await recount(topics)
    async with running(topics, *watch(repository, data)) as run:
        await run.note("following")
        (repository / FILE).write_text(issue("a") + issue("z") + issue("g"))
        await shows(topics, {"a": "todo", "z": "todo", "g": "todo"})
    _, recounted = await recount(topics)
    assert sum(recounted.values()) == sum(counted.values()) + 1


async def test_killed_at_any_moment_nothing_is_lost_or_doubled(topics: KafkaSettings, repository: Path, tmp_path: Path) -> None:
    """While the file changes all the time, the watcher is killed again and again; in the end the log says what the file says."""
    file, data = repository / FILE, tmp_path / "data"
    lines: dict[str, str] = {}
    for round_ in range(3):
        async with running(topics, *watch(repository, data)) as run:
            await run.note("following")
            for step in range(8):
                number = round_ * 8 + step
                lines[f"t{number}"] = issue(f"t{number}")
                lines.pop(f"t{number - 5}", None)
                file.write_text("".join(lines.values()))
                await asyncio.sleep(0.07 * (1 + step % 3))
            await run.end(signal.SIGKILL)
    async with running(topics, *watch(repository, data)) as run:
        await run.note("following")
        await shows(topics, dict.fromkeys(lines, "todo"))


async def test_a_new_log_gets_everything_again(topics: KafkaSettings, repository: Path, tmp_path: Path) -> None:
    """Marks of a log that is gone say nothing about the new one."""
    data = tmp_path / "data"
    async with Publisher(topics) as publisher:
        origin = Origin("x", "repo", "")
        await publisher.send(events(origin, Moment("x", 1, 1), [project_change("repo", "Repo")] * 50))
    async with running(topics, *watch(repository, data)) as run:
        await started(run)
    (marks,) = (data / "watch").glob("*.json")
    marks.write_text(json.dumps({"number": 10**15, "ends": {str(number): 10**6 for number in range(4)}}))
    _, counted = await recount(topics)
    async with running(topics, *watch(repository, data)) as run:
        note = await run.note("changed")
    assert note["events"] == {"create": 4}
    assert note["positions"]
    assert sum(counted.values()) == 54


async def test_a_large_file_written_slowly_arrives_once(topics: KafkaSettings, tmp_path: Path) -> None:
    """Tens of megabytes of Task Master tasks, in pieces: not one task is deleted on the way, and each change is one event."""
    folder = tmp_path / "big"
    file = folder / taskmaster.FILES[0]
    file.parent.mkdir(parents=True)
    entries = [{"id": number, "title": f"Task {number}", "status": "pending", "details": "x" * 2000} for number in range(10_000)]
    file.write_text(json.dumps({"master": {"tasks": entries}}))
    assert file.stat().st_size > 20_000_000
    command = ("watch", "taskmaster", str(folder), "--data", str(tmp_path / "data"), "--patience", "5")
    async with running(topics, *command) as run:
        await started(run)
        entries[17]["status"] = "done"
        content = json.dumps({"master": {"tasks": entries}})
        with file.open("w") as slow:
            for start in range(0, len(content), 4_000_000):
                slow.write(content[start : start + 4_000_000])
                slow.flush()
                await asyncio.sleep(0.3)
        assert (await run.note("changed"))["events"] == {"update": 1}
        file.write_text(content[: len(content) // 2])
        note = await run.note("changed")
        assert (note["events"], len(note["skipped"])) == ({}, 1)
    rows, _ = await recount(topics)
    assert len(tasks(rows, "big")) == 10_000


async def test_without_a_file_or_a_broker_it_says_so(topics: KafkaSettings, tmp_path: Path) -> None:
    """A file that is not there yet is waited for; a folder or a Kafka that is not there is a mistake."""
    async with running(topics, *watch(tmp_path, tmp_path / "data")) as run:
        await run.note("waiting")
        (tmp_path / ".beads").mkdir()
        (tmp_path / FILE).write_text(issue("a"))
        await run.note("changed")
    nowhere = topics.model_copy(update={"bootstrap": "127.0.0.1:1"})
    for settings, place, code in ((topics, tmp_path / "none", 2), (nowhere, tmp_path, 1)):
        async with running(settings, *watch(place, tmp_path / "data")) as run:
            assert await asyncio.wait_for(run.process.wait(), TIMEOUT_S) == code
