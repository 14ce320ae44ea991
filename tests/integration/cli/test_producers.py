"""`anabranch publish` and `anabranch validate` as a script calls them, on a real broker."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from broker.connection import KafkaSettings, client_options
from broker.partitioner import partition_for
from schemas.events import decode_event
from schemas.topics import TASK_CHANGES

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 100


def event(number: int, project: str = "p", **fields: object) -> str:
    """Return one line."""
    fixed = {"id": f"e{number}", "entity": "task", "action": "create", "project_id": project, "entity_id": f"t{number}", "source": "user"}
    return json.dumps({**fixed, "occurred_at": "2026-01-01T00:00:00.000Z", "data": {"title": "T", "branch_id": "b"}, **fields})


LINES = [event(1), "<<<<<<< HEAD", event(2, "q"), event(3, source="nobody"), "", event(4)]


def anabranch(*arguments: str, text: str = "", settings: KafkaSettings | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command with a standard input."""
    more = {} if settings is None else {"ANABRANCH_KAFKA__TOPIC_PREFIX": settings.topic_prefix}
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, input=text, timeout=TIMEOUT_S, env={**os.environ, **more}
    )


def piped(settings: KafkaSettings) -> "subprocess.Popen[bytes]":
    """Start `anabranch publish` on a pipe that stays open."""
    command = [sys.executable, "-m", "cli.main", "publish", "--kafka", settings.bootstrap]
    env = {**os.environ, "ANABRANCH_KAFKA__TOPIC_PREFIX": settings.topic_prefix}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def test_publish_sends_what_is_good_and_tells_the_rest(topics: KafkaSettings) -> None:
    """The refused lines stop nothing; every event is in the partition of its project, keyed by it, in the lines' order."""
    trace = f"00-{7:032x}-{7:016x}-01"
    done = anabranch("publish", "--kafka", topics.bootstrap, "--json", "--traceparent", trace, text="\n".join(LINES), settings=topics)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["events"], report["refused"]) == (3, 2)
    assert [refusal["line"] for refusal in report["refusals"]] == [2, 4]
    consumer = AIOKafkaConsumer(topics.topic(TASK_CHANGES), **client_options(topics), auto_offset_reset="earliest")
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in range(3)]
        ends = await consumer.end_offsets(consumer.assignment())
    finally:
        await consumer.stop()
    assert {(record.partition, record.key) for record in records} == {(partition_for(name, 4), name.encode()) for name in "pq"}
    assert {record.headers for record in records} == {(("traceparent", trace.encode()),)}
    found = [decode_event(record.value or b"") for record in records]
    assert [one.id for one in found if one.project_id == "p"] == ["e1", "e4"]
    assert {one["partition"]: one["offset"] for one in report["positions"]} == {
        partition.partition: end for partition, end in ends.items() if end
    }


def test_publish_of_good_lines_ends_well(topics: KafkaSettings, tmp_path: Path) -> None:
    """From a file as from a pipe; a person reads how many."""
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(event(number) for number in range(3000)))
    done = anabranch("publish", str(file), "--kafka", topics.bootstrap, settings=topics)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3,000 events sent, 0 lines refused.")


async def test_a_pipe_that_pauses_holds_nothing_back(topics: KafkaSettings) -> None:
    """What was written is in Kafka before the writer goes on or closes."""
    consumer = AIOKafkaConsumer(topics.topic(TASK_CHANGES), **client_options(topics), auto_offset_reset="earliest")
    await consumer.start()
    with piped(topics) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(event(1).encode() + b"\n")
            process.stdin.flush()
            record = await asyncio.wait_for(consumer.getone(), TIMEOUT_S)
            assert process.poll() is None
            process.stdin.close()
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()
            await consumer.stop()
    assert decode_event(record.value or b"").id == "e1"


def test_validate_needs_no_kafka() -> None:
    """It says what would be refused, by line."""
    done = anabranch("validate", text="\n".join(LINES))
    assert (done.returncode, done.stdout) == (1, "3 events could be sent, 2 lines refused.\n")
    assert [told.split(":")[0] for told in done.stderr.splitlines()] == ["line 2", "line 4"]
    assert anabranch("validate", "-", text=event(1)).returncode == 0


def test_what_is_no_trace_is_wrong_usage() -> None:
    """Before anything is read or sent."""
    done = anabranch("publish", "--traceparent", "nonsense", "--kafka", "127.0.0.1:1", text=event(1))
    assert (done.returncode, done.stdout) == (2, "")
    assert "TRACEPARENT" in done.stderr


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """One sentence, exit code 2."""
    done = anabranch("validate", str(tmp_path / "none"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
