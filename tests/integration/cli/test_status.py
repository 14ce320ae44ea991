"""`anabranch status` and `anabranch doctor` with two workers and an edge that run, and then with one thing wrong after the other."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from broker.admin import apply_topics
from broker.connection import KafkaSettings, client_options
from broker.embedded import EmbeddedKafka
from broker.parts import announced
from cli.operate.examine import Scope, examine
from cli.operate.picture import Picture
from cli.operate.status import once
from schemas.topics import CASCADES, TASK_CHANGES
from tests.integration.cli.parts import ROOT, anabranch, environment, part
from tests.integration.streams.topic_log import agrees, send, send_raw, task_events


async def doctor(kafka: KafkaSettings, data: Path, role: str = "worker", **more: Any) -> dict[str, list[str]]:  # noqa: ANN401  fields of the scope
    """Return what is wrong by check; each must say what to do."""
    wrong: dict[str, list[str]] = {}
    for one in await examine(Scope(kafka, data, role, "dev", **more)):
        if one.level == "fail":
            assert one.do
            wrong.setdefault(one.check, []).append(one.what)
    return wrong


@pytest.mark.timeout(300)  # several programs are started
async def test_status_shows_two_workers_and_an_edge(topics: KafkaSettings, tmp_path: Path) -> None:
    """Owners, stores, epochs, standbys; found by the data directory, or by their addresses; on a screen without colours, too."""
    names = [{"ANABRANCH_INSTANCE_ID": f"worker-{number}"} for number in range(2)]
    dirs = [("--worker-dir", str(tmp_path / f"w{number}")) for number in range(2)]
    async with (
        part("worker", topics, tmp_path, *dirs[0], **names[0]) as first,
        part("worker", topics, tmp_path, *dirs[1], **names[1]) as second,
    ):
        async with part("edge", topics, tmp_path) as edge:
            await send(topics, task_events(800, seed=3))
            await agrees(topics)
            found = await _settled(topics, tmp_path)
            rows = found.partitions
            assert {row.owner for row in rows} == {"worker-0", "worker-1"}
            assert sum(row.end for row in rows) == 800
            assert {row.lag for row in rows} == {0}
            assert all((row.store_bytes or 0) > 0 and len(row.epoch) == 36 and row.events_per_s is not None for row in rows)
            assert all(row.standby == [f"worker-{1 - int((row.owner or '')[-1])}"] for row in rows)
            (shown,) = found.edges
            assert (shown.state, shown.behind_events, shown.private_url) == ("live", 0, edge.private_url)
            asked = [word for one in (first, second, edge) for word in ("--ask", one.private_url)]
            code, elsewhere, _ = await anabranch(topics, "status", "--data", str(tmp_path / "nothing"), *asked)
            assert code == 0
            assert {row["owner"] for row in elsewhere["partitions"]} == {"worker-0", "worker-1"}
            assert len(elsewhere["edges"]) == 1
            assert "All is well." in await _screen(topics, tmp_path)
        await _examined(topics, tmp_path)
    found = await once(topics, tmp_path, [])
    assert {row.state for row in found.partitions} <= {"no owner", "owner silent"}


async def _examined(topics: KafkaSettings, tmp_path: Path) -> None:
    """Doctor finds nothing, and then each thing that is made wrong."""
    code, found, _ = await anabranch(topics, "doctor", "--data", str(tmp_path))
    assert (code, {one["level"] for one in found}) == (0, {"ok"})
    await send_raw(topics, [(b"project-1", b"{")])
    await agrees_on_letters(topics, tmp_path)
    (tmp_path / "secrets" / "jwt").chmod(0o644)
    with announced(tmp_path, "edge", "http://127.0.0.1:1"):
        wrong = await doctor(topics, tmp_path, files=10**9, min_free_mib=10**9)
    assert set(wrong) == {"dead letters", "secrets", "ports", "files", "disk"}


async def _settled(kafka: KafkaSettings, data: Path) -> Picture:
    """Return the picture once both workers have their share."""
    async with asyncio.timeout(60):
        while True:
            found = await once(kafka, data, [])
            both = {row.owner for row in found.partitions} == {"worker-0", "worker-1"}
            if both and not found.problems and all(row.standby for row in found.partitions):
                return found


async def agrees_on_letters(kafka: KafkaSettings, data: Path) -> None:
    """Wait until doctor finds the dead letter."""
    async with asyncio.timeout(60):
        letters: list[str] = []
        while "fail" not in letters:
            letters = [one.level for one in await examine(Scope(kafka, data, "worker", "dev")) if one.check == "dead letters"]


async def _screen(kafka: KafkaSettings, data: Path) -> str:
    """Return the screen of --watch as a pipe gets it, until all is well."""
    words = ("status", "--watch", "--interval", "0.5", "--data", str(data), "--kafka", kafka.bootstrap)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli.main", *words, cwd=ROOT, env=environment(kafka), stdout=asyncio.subprocess.PIPE
    )
    text = ""
    try:
        async with asyncio.timeout(60):
            while "All is well." not in text:
                assert process.stdout is not None
                text += (await process.stdout.read(4096)).decode()
    finally:
        process.terminate()
        await process.communicate()
    assert "\x1b[3" not in text
    return text


@pytest_asyncio.fixture
async def bare(kafka: EmbeddedKafka) -> AsyncIterator[KafkaSettings]:
    """Give a prefix under which no topics exist."""
    yield KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix="bare-")


async def test_doctor_without_kafka(tmp_path: Path) -> None:
    """One fault, and what needs no Kafka is checked all the same."""
    code, found, _ = await anabranch(KafkaSettings(bootstrap="127.0.0.1:1"), "doctor", "--data", str(tmp_path))
    assert code == 1
    assert [one["check"] for one in found if one["level"] == "fail"] == ["kafka"]


async def test_doctor_without_topics(bare: KafkaSettings, tmp_path: Path) -> None:
    """Each missing one is named."""
    wrong = await doctor(bare, tmp_path)
    assert len(wrong["topics"]) == 4
    code, _, err = await anabranch(bare, "status", "--data", str(tmp_path))
    assert code == 1
    assert "topics apply" in json.loads(err)["error"]


async def test_doctor_sees_lag_history_topics_and_clock(topics: KafkaSettings, tmp_path: Path) -> None:
    """Events that nobody reads, a log that has lost its beginning and forgets, a topic set up otherwise, a clock two hours ahead."""
    await send(topics, task_events(40, seed=4))
    admin = AIOKafkaAdminClient(**client_options(topics))
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topics.topic(TASK_CHANGES), 0): RecordsToDelete(before_offset=2)})
        for name, config in ((TASK_CHANGES, {"retention.ms": "86400000"}), (CASCADES, {"cleanup.policy": "compact"})):
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.topic(name), config)])
    finally:
        await admin.close()
    wrong: dict[str, list[str]] = {}
    async with asyncio.timeout(60):
        while len(wrong.get("retention", ())) < 2 or "topics" not in wrong:  # brokers hear of new settings a moment later
            wrong = await doctor(topics, tmp_path)
    assert set(wrong) == {"lag", "retention", "topics"}
    assert len(wrong["retention"]) == 2
    ahead = Scope(topics, tmp_path, "worker", "dev", clock=lambda: time.time_ns() // 1_000_000 + 7_200_000)
    assert [one.check for one in await examine(ahead) if one.level == "fail" and one.check == "clock"] == ["clock"]
    await apply_topics(topics)
