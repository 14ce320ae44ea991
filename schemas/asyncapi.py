"""The AsyncAPI 3.1 document: which messages travel over which topic or socket, and who answers what.

Seen from the system: `receive` is what others send to it. The shapes are references into bundle.json beside it.
"""

from typing import Any, Final, NamedTuple

from schemas.frames import BEARER_PREFIX, SUBPROTOCOL, VERSION
from schemas.topics import CASCADES, DLQ, TASK_CHANGES, TASK_STATE

Json = dict[str, Any]


class Channel(NamedTuple):
    """One topic or socket. messages: name -> definition in the bundle."""

    server: str
    address: str
    description: str
    messages: dict[str, str]
    key: str = ""


CHANNELS: Final[dict[str, Channel]] = {
    "taskChanges": Channel(
        "kafka", TASK_CHANGES, "Facts, in order per project: the log of record.", {"taskChange": "TaskChange"}, "project_id"
    ),
    "cascades": Channel(
        "kafka",
        CASCADES,
        "Finished messages, without their place in the order: that is the record's own offset.",
        {"update": "Update", "bulk": "Bulk", "outcome": "Outcome"},
        "project_id",
    ),
    "taskState": Channel(
        "kafka",
        TASK_STATE,
        "Every row, compacted. A row may carry `memory`, which is the worker's own.",
        {"row": "Row", "offset": "OffsetRow", "epoch": "EpochRow"},
        "<kind>/<project_id>/<id>, offset/<partition>, epoch/<partition>",
    ),
    "deadLetters": Channel(
        "kafka",
        DLQ,
        "Records that could not be applied, as they came, with the reason in headers.",
        {"deadLetter": ""},
        "the record's own key",
    ),
    "live": Channel(
        "edge",
        "/ws/v2",
        f"JSON text frames. Subprotocols {SUBPROTOCOL} and {BEARER_PREFIX}<token>.",
        {
            "clientSync": "ClientSync",
            "clientHeartbeat": "ClientHeartbeat",
            "clientChange": "ClientChange",
            "sync": "SyncFrame",
            "heartbeat": "HeartbeatFrame",
            "ack": "AckFrame",
            "error": "ErrorFrame",
            "updateFrame": "UpdateFrame",
            "snapshot": "SnapshotFrame",
            "bulkFrame": "BulkFrame",
        },
    ),
}


class Operation(NamedTuple):
    """What the system does on a channel, and with which of its messages. reply: the messages that answer, on the same channel."""

    action: str
    channel: str
    summary: str
    messages: tuple[str, ...]
    reply: tuple[str, ...] = ()


OPERATIONS: Final[dict[str, Operation]] = {
    "takeChanges": Operation("receive", "taskChanges", "The worker folds every change into the rows.", ("taskChange",)),
    "publishCascades": Operation(
        "send", "cascades", "What changed, as whole rows; decisions about conditional writes.", ("update", "bulk", "outcome")
    ),
    "keepRows": Operation("send", "taskState", "Every row that a step touched, and how far the step went.", ("row", "offset", "epoch")),
    "setAside": Operation("send", "deadLetters", "A record that could not be applied; the partition goes on.", ("deadLetter",)),
    "answerSync": Operation("receive", "live", "Choose streams, resume, renew the token.", ("clientSync",), ("sync", "snapshot", "error")),
    "answerHeartbeat": Operation("receive", "live", "A sign of life.", ("clientHeartbeat",), ("heartbeat",)),
    "answerChange": Operation("receive", "live", "A change by the user.", ("clientChange",), ("ack", "error")),
    "sendFrames": Operation(
        "send", "live", "Every step of the subscribed projects.", ("updateFrame", "bulkFrame", "snapshot", "heartbeat", "sync")
    ),
}


def document() -> Json:
    """Return the AsyncAPI document."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "anabranch",
            "version": VERSION,
            "description": "Exact, live branch and project summaries for a task platform changed by people and AI agents.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {"host": "127.0.0.1:9092", "protocol": "kafka", "description": "Any Apache Kafka from 3.9 on."},
            "edge": {"host": "127.0.0.1:8400", "protocol": "ws", "description": "One of the edges; all are alike."},
        },
        "channels": {name: _channel(channel) for name, channel in CHANNELS.items()},
        "operations": {name: _operation(operation) for name, operation in OPERATIONS.items()},
        "components": {"messages": {name: _message(name, channel) for channel in CHANNELS.values() for name in channel.messages}},
    }


def _channel(channel: Channel) -> Json:
    return {
        "address": channel.address,
        "description": channel.description,
        "servers": [{"$ref": f"#/servers/{channel.server}"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
    }


def _operation(operation: Operation) -> Json:
    channel = {"$ref": f"#/channels/{operation.channel}"}
    body: Json = {
        "action": operation.action,
        "channel": channel,
        "summary": operation.summary,
        "messages": _references(operation.channel, operation.messages),
    }
    if operation.reply:
        body["reply"] = {"channel": dict(channel), "messages": _references(operation.channel, operation.reply)}
    return body


def _references(channel: str, messages: tuple[str, ...]) -> list[Json]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages]


def _message(name: str, channel: Channel) -> Json:
    definition = channel.messages[name]
    payload: Json = {"$ref": f"./bundle.json#/$defs/{definition}"} if definition else {"description": "Whatever the record was."}
    body: Json = {"name": name, "payload": payload}
    if channel.key:
        body["bindings"] = {"kafka": {"key": {"type": "string", "description": channel.key}}}
    return body
