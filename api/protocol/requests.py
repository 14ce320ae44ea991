"""What a caller sends, as it is read: one change as JSON, a list of them, one a line, or a client's frame."""

import msgspec
from msgspec import Struct

from schemas.events import Fields, Integer, Name
from schemas.frames import STREAM_PREFIX, ChangeData, ClientFrame
from schemas.problems import INVALID_CHANGE, Problem


class ChangeRequest(Struct, omit_defaults=True):
    """An event as a caller writes it: what is missing is filled in, what only the edge may say is checked."""

    entity: str
    action: str
    project_id: str
    entity_id: str
    id: str | None = None
    occurred_at: str | None = None
    source: str | None = None
    schema: int = 1
    branch_id: str | None = None
    task_id: str | None = None
    origin: Name | None = None
    version: Integer | None = None
    if_stamp: Integer | None = None
    user_id: str | None = None
    session_id: str | None = None
    correlation_id: str | None = None
    data: Fields | None = None
    git_branch_id: Name | None = None


_decode_change_data = msgspec.json.Decoder(ChangeData).decode


def request_of(frame: ClientFrame) -> ChangeRequest | Problem:
    """Return the request that a client's `update` frame makes, or what is wrong with it."""
    try:
        data = _decode_change_data(frame.payload.data)
        primary = data.primary
        fields = msgspec.convert(primary, Fields)
        stream = frame.stream or ""
        project_id = stream.removeprefix(STREAM_PREFIX) if stream else primary.get("project_id", "")
        metadata = frame.metadata
        return msgspec.convert(
            {
                "entity": frame.payload.entity or "",
                "action": frame.payload.action,
                "project_id": project_id,
                "entity_id": primary.get("id", ""),
                "id": frame.id,
                "branch_id": primary.get("branch_id"),
                "task_id": primary.get("task_id"),
                "if_stamp": data.if_stamp,
                "source": metadata.source if metadata else None,
                "session_id": metadata.session_id if metadata else None,
                "correlation_id": metadata.correlation_id if metadata else None,
                "data": fields,
            },
            ChangeRequest,
        )
    except (msgspec.MsgspecError, RecursionError) as error:
        return Problem(INVALID_CHANGE, errors=(str(error),))


def requests_of(body: bytes, *, lines: bool) -> list[ChangeRequest] | Problem:
    """Return the requests of an HTTP body: one event, a list of them, or one per line (NDJSON)."""
    try:
        if lines:
            return [_decode_one(line) for line in body.splitlines() if line.strip()]
        return _decode_list(body) if body.lstrip().startswith(b"[") else [_decode_one(body)]
    except (msgspec.MsgspecError, RecursionError) as error:
        return Problem(INVALID_CHANGE, errors=(str(error),))


_decode_one = msgspec.json.Decoder(ChangeRequest).decode
_decode_list = msgspec.json.Decoder(list[ChangeRequest]).decode
