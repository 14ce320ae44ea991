"""What tests of several kinds share: one real broker per run, and a fresh set of topics for each test that wants one."""

import os
import tempfile
from collections.abc import AsyncIterator, Generator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from broker.admin import apply_topics, delete_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from schemas.failure import Failure

_NUMBERS = count(1)
_TAIL_CHARS = 3000

# How long an example takes says more about the machine than about the code. CI repeats the same examples; a person's runs explore.
settings.register_profile("house", settings.get_profile("ci" if os.environ.get("CI") else "default"), deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the test's own processes had logged last: what failed is often another process."""
    report = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if report.failed and folder is not None:
        for file in sorted(folder.rglob("*.log")):
            report.sections.append((str(file.relative_to(folder)), file.read_text(errors="replace")[-_TAIL_CHARS:]))
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka() -> AsyncIterator[EmbeddedKafka]:
    """One real broker for the whole run, started when the first test asks for it. Tests that stop brokers start their own.

    Where it cannot run (no Java and no network), tests are skipped with the reason; with CI=true they fail instead.
    """
    with tempfile.TemporaryDirectory(prefix="anabranch-tests-") as folder:
        broker = EmbeddedKafka(Path(folder), heap_mb=384)
        try:
            await broker.start()
        except Failure as failure:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(failure))
        try:
            yield broker
        finally:
            await broker.kill()


@pytest_asyncio.fixture
async def topics(kafka: EmbeddedKafka) -> AsyncIterator[KafkaSettings]:
    """Give a test four fresh topics of its own (profile dev, 4 partitions); their names come from `settings.topic()`."""
    settings = KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix=f"t{os.getpid()}-{next(_NUMBERS)}-")
    await apply_topics(settings, profile="dev")
    yield settings
    await delete_topics(settings)
