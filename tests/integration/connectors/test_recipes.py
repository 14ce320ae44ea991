"""The recipe for Java in the how-to, run as it is written: its records lie where ours would."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from broker.connection import KafkaSettings
from broker.jars import kafka_jars
from broker.partitioner import partition_for
from broker.records import records_between, span_of
from schemas.events import Event, encode_event
from schemas.topics import TASK_CHANGES

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "publish.md"
PROJECTS = ["shop", "a/b %", "проект", *(f"project-{number}" for number in range(20))]


@pytest.mark.skipif(shutil.which("javac") is None, reason="no javac here: the recipe for Java is not compiled")
async def test_the_recipe_for_java_finds_the_partition_of_a_project(topics: KafkaSettings, tmp_path: Path) -> None:
    """murmur2 of the key, whatever its letters; key and value are what was given."""
    found = re.search(r"^```java file=Publish.java\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    (tmp_path / "Publish.java").write_text(found[1])
    events = {name: encode_event(Event(name, "project", "create", name, name, "2026-01-01T00:00:00Z", "system")) for name in PROJECTS}
    lines = "".join(f"{name}\t{value.decode()}\n" for name, value in events.items())
    classes = os.pathsep.join(map(str, kafka_jars()))
    command = ["java", "-cp", classes, "Publish.java", topics.bootstrap, topics.topic(TASK_CHANGES)]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, cwd=tmp_path, timeout=100, check=False)  # noqa: ASYNC221  a test waits
    assert done.returncode == 0, done.stderr.decode()
    spans = await span_of(topics)
    told: dict[str, tuple[int, bytes | None]] = {}
    async for partition, records in records_between(topics, {}, {one: end for one, (_, end) in spans.items()}):
        told |= {(record.key or b"").decode(): (partition, record.value) for record in records}
    assert told == {name: (partition_for(name, len(spans)), value) for name, value in events.items()}
