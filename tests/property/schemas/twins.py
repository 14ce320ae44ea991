"""The pairs of msgspec Struct and pydantic model that must say the same, and values of a Struct's type for Hypothesis."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec import Raw, Struct
from pydantic import BaseModel

from schemas import events, frames, messages, rows
from schemas.contract import client as client_models
from schemas.contract import events as event_models
from schemas.contract import messages as message_models
from schemas.contract import rows as row_models

TWINS: Final[list[tuple[type[Struct], type[BaseModel]]]] = [
    (events.Event, event_models.TaskChange),
    (events.Fields, event_models.ChangeData),
    *((getattr(rows, name), getattr(row_models, name)) for name in (*(kind.__name__ for kind in rows.ROW_TYPES.values()), "Actor")),
    *((getattr(rows, name), getattr(row_models, name)) for name in ("Tombstone", "OffsetRow", "EpochRow")),
    *(
        (getattr(messages, name), getattr(message_models, name))
        for name in ("Position", "SessionCount", "Merged", "Metadata", "Cascade", "Change", "UpdateData", "BulkData", "UpdatePayload")
    ),
    *((getattr(messages, name), getattr(message_models, name)) for name in ("BulkPayload", "Update", "Bulk", "Outcome")),
    *((getattr(frames, name), getattr(client_models, name)) for name in ("Since", "Want", "Streams", "NewToken", "ClientMetadata")),
    (frames.ChangeData, client_models.ClientChangeData),
]

NEVER_WRITTEN: Final = {frames.Since, frames.Want, frames.Streams, frames.NewToken, frames.ClientMetadata, frames.ChangeData}
"""Structs that we only read: what a client leaves out is its own affair."""

BIG: Final = 2**53 - 1
WORDS: Final = {
    "entity": ["project", "branch", "task", "subtask", "context", "member"],
    "action": ["create", "update", "patch", "delete"],
}
FIRST: Final = datetime.min.replace(day=2)  # noqa: DTZ901  because Hypothesis wants bounds without a zone
LAST: Final = datetime.max.replace(day=30)  # noqa: DTZ901  because of the same
times: Final = st.datetimes(FIRST, LAST).map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
NAMED: Final[dict[str, st.SearchStrategy[Any]]] = {
    "occurred_at": times,
    "last_activity": st.none() | times,
    "minute": times,
    "progress_percentage": st.none() | st.floats(0, 100),
    "schema": st.just(1),
    "deleted": st.just(value=True),
    "stamp": st.integers(-1, BIG),
    "stream": st.text(min_size=1, max_size=9).map(lambda text: f"project:{text}").filter(lambda text: "\n" not in text),
    "primary": st.dictionaries(st.text(max_size=9), st.integers(0, 9), max_size=3),
    "delta": st.dictionaries(st.text(max_size=9), st.integers(0, 9), max_size=3).map(messages.encode_raw).map(Raw),
}
ROWS_OF: Final[dict[str, type[Struct]]] = {
    "branches": rows.BranchSummary,
    "tasks": rows.TaskSummary,
    "projects": rows.ProjectSummary,
    "subtasks": rows.SubtaskSummary,
    "contexts": rows.ContextUpdate,
}


def raw_rows(*kinds: type[Struct]) -> st.SearchStrategy[Raw]:
    """Return rows as finished JSON."""
    return st.one_of([structs(kind) for kind in kinds]).map(lambda row: Raw(messages.encode_raw(row)))


@cache
def structs(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """Return instances of a Struct; a field is missing, where it may be."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    needed = {field.name: of_field(kind, field) for field in info.fields if field.required}
    optional = {field.name: of_field(kind, field) for field in info.fields if not field.required}
    values = st.fixed_dictionaries(needed, optional=optional)
    return (values.map(own_project) if kind is events.Event else values).map(lambda found: kind(**found))


def own_project(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an event with the one rule that binds two of them."""
    return values | {"entity_id": values["project_id"]} if values["entity"] == "project" else values


def of_field(kind: type[Struct], field: msgspec.inspect.Field) -> st.SearchStrategy[Any]:
    """Return values of one field."""
    if kind in {rows.TaskSummary, rows.SubtaskSummary} and field.name == "last_actor":
        return st.none() | structs(rows.Actor)
    if kind in {messages.UpdateData, messages.Change} and field.name in {"primary", "row"}:
        return raw_rows(*rows.ROW_TYPES.values(), rows.Tombstone)
    if field.name in ROWS_OF:
        return st.lists(raw_rows(ROWS_OF[field.name], rows.Tombstone), max_size=2)
    if field.name in WORDS and kind is events.Event:
        return st.sampled_from(WORDS[field.name])
    return NAMED[field.name] if field.name in NAMED and not _is_list(field.type) else of_type(field.type)


def of_type(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401  because msgspec's description of a type has no useful base
    """Return values of a type, within what every contract allows: ids are not empty, numbers are counts."""
    return BY_TYPE[type(kind)](kind)


inspect = msgspec.inspect
BY_TYPE: Final[dict[type, Callable[[Any], st.SearchStrategy[Any]]]] = {
    inspect.StrType: lambda _: st.text(min_size=1, max_size=9),
    inspect.IntType: lambda _: st.integers(0, BIG),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.NoneType: lambda _: st.none(),
    inspect.AnyType: lambda _: st.integers(0, 9),
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.ListType: lambda kind: st.lists(of_type(kind.item_type), max_size=3),
    inspect.VarTupleType: lambda kind: st.lists(of_type(kind.item_type), max_size=3).map(tuple),
    inspect.DictType: lambda kind: st.dictionaries(st.text(min_size=1, max_size=9), of_type(kind.value_type), max_size=3),
    inspect.StructType: lambda kind: structs(kind.cls),
    inspect.UnionType: lambda kind: st.one_of([of_type(part) for part in kind.types if type(part) in BY_TYPE]),
}


def _is_list(kind: msgspec.inspect.Type) -> bool:
    return isinstance(kind, msgspec.inspect.ListType)
