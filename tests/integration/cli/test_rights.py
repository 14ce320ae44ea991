"""`anabranch doctor` on a broker that has rules about who may do what."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from broker.admin import apply_topics
from broker.connection import KafkaSettings
from broker.embedded import EmbeddedKafka
from broker.launch import Jvm
from broker.prepare import PROPERTIES
from schemas.topics import CASCADES, TASK_STATE
from tests.integration.cli.test_status import doctor

_RULES = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""


class StrictKafka(EmbeddedKafka):
    """A broker with an authorizer."""

    def _set_up(self, jvm: Jvm) -> list[str]:
        command = super()._set_up(jvm)
        with (self._folder / PROPERTIES).open("a", encoding="utf-8") as file:
            file.write(_RULES)
        return command


@pytest_asyncio.fixture
async def strict(tmp_path: Path) -> AsyncIterator[KafkaSettings]:
    """Give a broker with an authorizer, and its topics."""
    async with StrictKafka(tmp_path / "kafka") as broker:
        await apply_topics(broker.settings)
        yield broker.settings


def deny(kafka: KafkaSettings, topic: str, operation: AclOperation) -> None:
    """Forbid something to those without a name; everything else is allowed."""
    rules = [
        AclBinding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", what, how)
        for what, how in ((AclOperation.ALL, AclPermissionType.ALLOW), (operation, AclPermissionType.DENY))
    ]
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for done in admin.create_acls(rules).values():
        done.result()


async def test_missing_rights_are_found_by_role(strict: KafkaSettings, tmp_path: Path) -> None:
    """Who may not write a topic is told so as a worker and not as an edge; the check itself writes nothing."""
    assert await doctor(strict, tmp_path) == {}
    deny(strict, CASCADES, AclOperation.WRITE)
    deny(strict, TASK_STATE, AclOperation.READ)
    wrong = await doctor(strict, tmp_path)
    assert wrong["rights"] == [
        "This user may not read task-state; the worker must.",
        "This user may not write cascades; the worker must.",
    ]
    wrong = await doctor(strict, tmp_path, "edge")
    assert wrong["rights"] == ["This user may not read task-state; the edge must."]
