"""The hot path's Structs and the public contract's models say the same."""

from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Struct
from pydantic import BaseModel, TypeAdapter

from schemas import contract, messages
from tests.property.schemas.twins import NEVER_WRITTEN, TWINS, structs

pairs = pytest.mark.parametrize(("struct", "model"), TWINS, ids=lambda kind: kind.__name__)


def wire_name(model: type[BaseModel], name: str) -> str:
    """Return the name in JSON."""
    return model.model_fields[name].serialization_alias or name


def sent_always(struct: type[Struct], field: msgspec.structs.FieldInfo) -> bool:
    """Return whether a Struct writes the field whatever its value."""
    return field.required or not (struct in NEVER_WRITTEN or struct.__struct_config__.omit_defaults or field.default is UNSET)


def struct_fields(struct: type[Struct]) -> dict[str, tuple[bool, bool]]:
    """Return wire name -> (needed when read, always sent)."""
    fields = {field.encode_name: (field.required, sent_always(struct, field)) for field in msgspec.structs.fields(struct)}
    tag = struct.__struct_config__.tag_field
    return fields | ({tag: (True, True)} if tag else {})


def model_fields(struct: type[Struct], model: type[BaseModel]) -> dict[str, tuple[bool, bool]]:
    """Return the same of a model. A tag has a default in the model, so that it need not be named in code."""
    always = set(model.model_json_schema(mode="serialization").get("required", ()))
    tag = struct.__struct_config__.tag_field
    fields = {}
    for name, field in model.model_fields.items():
        wire = wire_name(model, name)
        fields[wire] = (field.is_required() or wire == tag, wire in always)
    return fields


def takes_null(hint: object) -> bool:
    """Return whether a type hint allows None itself."""
    return hint is type(None) or any(takes_null(part) for part in get_args(hint) if get_origin(hint) is not list)


def model_takes_null(model: type[BaseModel], name: str) -> bool:
    """Return whether the schema of a field allows null."""
    schema = model.model_json_schema()["properties"][wire_name(model, name)]
    return {"type": "null"} in schema.get("anyOf", ())


@pairs
def test_the_same_fields(struct: type[Struct], model: type[BaseModel]) -> None:
    """Struct and model have the same names on the wire, need the same fields and always send the same fields."""
    assert model_fields(struct, model) == struct_fields(struct)


@pairs
def test_the_same_nulls(struct: type[Struct], model: type[BaseModel]) -> None:
    """A field may be null in the model exactly where it may be null in the Struct."""
    hints = get_type_hints(struct)
    expected = {field.name: takes_null(hints[field.name]) for field in msgspec.structs.fields(struct)}
    names = {name: name.rstrip("_") for name in model.model_fields}
    actual = {names[name]: model_takes_null(model, name) for name in model.model_fields if names[name] in expected}

    assert actual == expected


@pairs
@given(data=st.data())
def test_what_one_writes_the_other_reads(struct: type[Struct], model: type[BaseModel], data: st.DataObject) -> None:
    """Struct -> JSON -> model -> JSON -> Struct ends where it began."""
    value = data.draw(structs(struct))
    written = messages.encode_raw(value)

    through = model.model_validate_json(written).model_dump_json(by_alias=True, exclude_unset=True)

    assert plain(msgspec.json.decode(through, type=struct)) == plain(value)


@given(data=st.data())
def test_a_message_is_one_of_the_contract(data: st.DataObject) -> None:
    """Every message of `cascades`, with the order spliced in front, is a frame of the contract."""
    value = data.draw(structs(messages.Update) | structs(messages.Bulk))
    frame = b'{"sequence":8,"prev":7,"epoch":"e",' + messages.encode_message(value)[1:]

    read: Any = TypeAdapter(contract.ServerFrame).validate_json(frame)

    assert read.type == type(value).__struct_config__.tag
    assert (read.sequence, read.prev, read.epoch) == (8, 7, "e")


def plain(value: object) -> object:
    """Return what a value is on the wire, as plain objects: finished JSON inside is compared by what it says."""
    return msgspec.json.decode(messages.encode_raw(value))
