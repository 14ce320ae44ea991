"""What Kafka lets this user do, asked without doing it (KIP-430), and how old the brokers are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from broker.asking import asking
from broker.connection import KafkaSettings
from broker.group import patiently
from broker.roles import Operation
from schemas.topics import TOPICS

_OPERATIONS: Final[Mapping[int, Operation]] = {
    3: "Read",
    4: "Write",
    5: "Create",
    8: "Describe",
    10: "DescribeConfigs",
    11: "AlterConfigs",
}
"""By Kafka's numbers (AclOperation)."""

_FETCH: Final = 1
_FETCH_OF_3_9: Final = 17
"""The version of the fetch call that came with Kafka 3.9 (KIP-853)."""
_UNKNOWN_TOPIC: Final = 3
_text = String("utf-8")


class _MetadataResponse(Response):
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", _text), ("port", Int32), ("rack", _text))),
        ("cluster_id", _text),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", _text),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("operations", Int32),
    )


class _MetadataRequest(RequestStruct):
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(("topics", Array(_text)), ("auto_create", Boolean), ("cluster_operations", Boolean), ("topic_operations", Boolean))


class _Metadata(Request[_MetadataRequest]):
    """aiokafka's own request does not ask for rights."""

    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest]) -> _MetadataRequest:
        return request_struct_class(self._topics, False, True, True)  # noqa: FBT003  as the protocol has them


@dataclass(frozen=True)
class Rights:
    """topics: operations by topic, named as in `schemas.topics`; one that does not exist is missing. recent: Kafka 3.9 or newer.

    group: operations on the consumer group of the workers.
    """

    topics: dict[str, frozenset[Operation]]
    group: frozenset[Operation]
    cluster: frozenset[Operation]
    brokers: int
    recent: bool


async def ask_rights(settings: KafkaSettings, application_id: str) -> Rights:
    """Return what this user may do. Raises `Failure` when Kafka cannot be asked."""
    names = {settings.topic(name): name for name in TOPICS}
    async with asking(settings) as admin:
        found: Any = await admin._send_request(_Metadata(list(names)))  # noqa: SLF001  because there is no public way to ask for rights
        versions: Any = await admin._send_request(ApiVersionRequest())  # noqa: SLF001  nor for versions
        group = await _of_group(admin, settings.topic(application_id))
    topics = {names[topic[1]]: _operations(topic[4]) for topic in found.topics if topic[0] != _UNKNOWN_TOPIC}
    newest = {key: newest for key, _, newest in versions.api_versions}
    return Rights(topics, group, _operations(found.operations), len(found.brokers), newest.get(_FETCH, 0) >= _FETCH_OF_3_9)


async def _of_group(admin: AIOKafkaAdminClient, name: str) -> frozenset[Operation]:
    """Return what this user may do with a group, whether it exists or not."""
    try:
        broker = await patiently(lambda: admin.find_coordinator(name))
    except GroupAuthorizationFailedError:
        return frozenset()
    # A heartbeat of nobody changes nothing: who may read the group is told that nobody is no member of it.
    beat: Any = await admin._send_request(HeartbeatRequest(name, -1, ""), broker)  # noqa: SLF001  because there is no public way to try
    return frozenset({"Describe"} if beat.error_code == GroupAuthorizationFailedError.errno else {"Describe", "Read"})


def _operations(bits: int) -> frozenset[Operation]:
    return frozenset(name for code, name in _OPERATIONS.items() if bits > 0 and bits >> code & 1)
