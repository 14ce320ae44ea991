"""More partitions: the log is put together anew, every summary is the same, and clients take a snapshot of the new epoch."""

from pathlib import Path

import pytest

from broker.admin import delete_topics
from broker.connection import KafkaSettings
from broker.layout import partition_counts
from schemas.topics import TASK_CHANGES
from tests.integration.archive.logs import epochs, fill, folded, log_of, rows_of
from tests.integration.archive.sockets import following
from tests.integration.cli.parts import anabranch, part


@pytest.mark.timeout(300)  # several programs are started
async def test_four_partitions_become_eight(topics: KafkaSettings, tmp_path: Path) -> None:
    """As docs/runbooks/more-partitions.md says: backup, restore into new topics, compare, switch."""
    await fill(topics, seed=11, count=1_500)
    await folded(topics, tmp_path / "w4")
    kept = str(tmp_path / "backup")
    assert (await anabranch(topics, "backup", kept))[0] == 0
    grown = topics.model_copy(update={"topic_prefix": f"{topics.topic_prefix}v2-"})
    code, _, err = await anabranch(grown, "restore", kept, "--partitions", "8")
    assert code == 0, err
    assert (await partition_counts(grown))[TASK_CHANGES] == 8
    await folded(grown, tmp_path / "w8")
    rows = await rows_of(topics)
    assert await rows_of(grown) == rows
    before, after = await log_of(topics), await log_of(grown)
    assert sum(map(len, before.values())) == sum(map(len, after.values()))
    assert len([number for number, records in after.items() if records]) > 4

    project = next(key.split("/")[1] for key in rows if key.startswith("project/"))
    async with part("edge", topics, tmp_path / "e4") as edge, following(edge.url, tmp_path / "e4", project) as client:
        place = client.position[f"project:{project}"]
        assert place[0] in await epochs(topics)
    async with part("edge", grown, tmp_path / "e8") as edge, following(edge.url, tmp_path / "e8", project, place) as client:
        assert client.frames[-1]["payload"]["action"] == "snapshot"
        assert client.position[f"project:{project}"][0] in await epochs(grown) - await epochs(topics)
    await delete_topics(grown)
