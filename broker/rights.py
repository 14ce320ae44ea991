"""What Kafka lets this user do, asked without doing it (KIP-430), and how old the brokers are."""

from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import ApiVersionRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from broker.connection import KafkaSettings, client_options
from broker.reach import reaching
from schemas.topics import TOPICS

READ: Final = 3
WRITE: Final = 4
CREATE: Final = 5
DESCRIBE: Final = 8
NAMES: Final = {READ: "read", WRITE: "write", CREATE: "create", DESCRIBE: "describe"}
"""Kafka's numbers of operations (AclOperation)."""

_FETCH: Final = 1
_FETCH_OF_3_9: Final = 17
"""The version of the fetch call that came with Kafka 3.9 (KIP-853)."""
_CALL_MS: Final = 10_000
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
    """topics: operations by topic, named as in `schemas.topics`; one that does not exist is missing. recent: Kafka 3.9 or newer."""

    topics: dict[str, frozenset[int]]
    cluster: frozenset[int]
    brokers: int
    recent: bool


async def ask_rights(settings: KafkaSettings) -> Rights:
    """Return what this user may do. Raises `Failure` when Kafka cannot be asked."""
    names = {settings.topic(name): name for name in TOPICS}
    async with reaching(settings):
        admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=_CALL_MS)
        try:
            await admin.start()
            found: Any = await admin._send_request(_Metadata(list(names)))  # noqa: SLF001  because there is no public way to ask for rights
            versions: Any = await admin._send_request(ApiVersionRequest())  # noqa: SLF001  nor for versions
        finally:
            await admin.close()
    topics = {names[topic[1]]: _operations(topic[4]) for topic in found.topics if topic[0] != _UNKNOWN_TOPIC}
    newest = {key: newest for key, _, newest in versions.api_versions}
    return Rights(topics, _operations(found.operations), len(found.brokers), newest.get(_FETCH, 0) >= _FETCH_OF_3_9)


def _operations(bits: int) -> frozenset[int]:
    return frozenset(code for code in NAMES if bits > 0 and bits >> code & 1)
