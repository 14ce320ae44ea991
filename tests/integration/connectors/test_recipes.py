"""The recipes of the how-to for producers, run as they are written: their records lie where ours would, and a worker takes them."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import pytest_asyncio

from broker.admin import apply_topics, delete_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from broker.jars import kafka_jars
from broker.partitioner import partition_for
from broker.records import records_between, span_of
from broker.state import read_state
from schemas.events import Event, encode_event
from schemas.topics import TASK_CHANGES, row_key
from tests.integration.cli.parts import part

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "howto" / "publish.md"
MODULES: Final = Path(__file__).with_name("recipes")
PROJECTS: Final = ["shop", "a/b %", "проект", *(f"project-{number}" for number in range(20))]
PARTITIONS: Final = 6
"""No power of two: there a client that takes the sign of a hash otherwise comes to the same partitions."""
PATIENCE_S: Final = 240
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(PATIENCE_S + 60)]


class Recipe(NamedTuple):
    """A program of the page. command: what runs it; needs: "" or why it cannot be run here."""

    file: str
    command: Callable[[], list[str]]
    needs: str


RECIPES: Final = {
    "java": Recipe(
        "Publish.java",
        lambda: ["java", "-cp", os.pathsep.join(map(str, kafka_jars())), "Publish.java"],
        "" if shutil.which("javac") else "no javac here: the recipe for Java is not compiled",
    ),
    "node": Recipe(
        "publish.mjs",
        lambda: ["node", "publish.mjs"],
        "" if (MODULES / "node_modules").is_dir() else "no modules of Node here (tools/setup.sh recipes): its recipe is not run",
    ),
    "go": Recipe(
        "publish.go",
        lambda: ["go", "run", "publish.go"],
        "" if (ROOT / ".venv/.go-modules-ready").exists() else "no modules of Go here (tools/setup.sh recipes): its recipe is not compiled",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def topics(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    """Give topics that a worker reads."""
    settings = KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix=f"recipes{os.getpid()}-")
    await apply_topics(settings, partitions=PARTITIONS)
    async with part("worker", settings, tmp_path_factory.mktemp("worker")):
        yield settings
    await delete_topics(settings)


@pytest.mark.parametrize("language", RECIPES)
async def test_a_recipe_finds_the_partition_of_a_project(topics: KafkaSettings, tmp_path: Path, language: str) -> None:
    """murmur2 of the key, whatever its letters; key and value are what was given; the worker makes rows of them."""
    recipe = RECIPES[language]
    if recipe.needs:
        pytest.skip(recipe.needs)
    names = [f"{language} {name}" for name in PROJECTS]
    events = {name: encode_event(Event(name, "project", "create", name, name, "2026-01-01T00:00:00Z", "system")) for name in names}
    begins = {one: end for one, (_, end) in (await span_of(topics)).items()}
    lines = "".join(f"{name}\t{value.decode()}\n" for name, value in events.items())
    done = await asyncio.to_thread(run, recipe, tmp_path, [topics.bootstrap, topics.topic(TASK_CHANGES)], lines)
    assert done.returncode == 0, done.stderr.decode()
    spans = await span_of(topics)
    assert len(spans) == PARTITIONS
    told: dict[str, tuple[int, bytes | None]] = {}
    async for partition, records in records_between(topics, begins, {one: end for one, (_, end) in spans.items()}):
        told |= {(record.key or b"").decode(): (partition, record.value) for record in records}
    assert told == {name: (partition_for(name, PARTITIONS), value) for name, value in events.items()}
    await folded(topics, {row_key("project", name, name) for name in names})


def run(recipe: Recipe, folder: Path, arguments: list[str], lines: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the program that stands on the page, with the modules that it imports beside it."""
    found = re.search(rf"^```[a-z]+ file={re.escape(recipe.file)}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    (folder / recipe.file).write_text(found[1])
    for name in ("go.mod", "go.sum"):
        shutil.copy(MODULES / name, folder)
    (folder / "node_modules").symlink_to(MODULES / "node_modules")
    command = [*recipe.command(), *arguments]
    return subprocess.run(command, input=lines.encode(), capture_output=True, cwd=folder, timeout=PATIENCE_S, check=False)


async def folded(settings: KafkaSettings, keys: set[bytes]) -> None:
    """Wait until `task-state` has these rows."""
    async with asyncio.timeout(PATIENCE_S):
        while not keys <= {key for cut in (await read_state(settings)).values() for key in cut.rows}:  # noqa: ASYNC110  because it is in Kafka
            await asyncio.sleep(0.1)
