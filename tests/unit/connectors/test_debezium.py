"""What Debezium's outbox event router writes, in the shapes that its documentation names."""

import json

import pytest

from connectors.debezium import unwrapped
from connectors.lines import Refusal, judge
from schemas.events import Event, decode_event
from streams.domain.decode import decode
from streams.domain.records import Record

EVENT = {
    "id": "0199c2f0-6c5e-7d3a-8a4e-2f1d3c4b5a69",
    "entity": "task",
    "action": "create",
    "project_id": "shop",
    "entity_id": "t-1",
    "occurred_at": "2026-02-28T03:55:36.000Z",
    "source": "user",
    "data": {"title": "Ship it", "branch_id": "shop:main"},
}
BARE = json.dumps(EVENT)
SCHEMA = {"type": "string", "optional": True, "name": "io.debezium.data.Json", "version": 1}
SHAPES = {
    "StringConverter": BARE,
    "JsonConverter": json.dumps(BARE),
    "JsonConverter, schemas.enable": json.dumps({"schema": SCHEMA, "payload": BARE}),
    "JsonConverter, expand": json.dumps(EVENT),
    "JsonConverter, expand, schemas.enable": json.dumps(
        {"schema": {"type": "struct", "fields": [], "name": "shop.payload"}, "payload": EVENT}
    ),
    "additional fields in the envelope": json.dumps({"payload": BARE, "eventType": "TaskCreated", "ts": 1_772_250_936}),
    "the same, schemas.enable": json.dumps({"schema": {"type": "struct"}, "payload": {"payload": BARE, "eventType": "TaskCreated"}}),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_event_inside_is_found(shape: str) -> None:
    """Whatever the converter put around it."""
    found = judge(1, SHAPES[shape].encode())
    assert found == decode_event(BARE.encode())


def test_the_documented_configuration_writes_what_the_worker_reads() -> None:
    """Bare key and bare value."""
    assert isinstance(decode(Record(0, 1_772_250_936_000, b"shop", BARE.encode())), Event)


@pytest.mark.parametrize("line", ["{", '"', '"x"', '{"payload": 5}', '{"payload": "x"', "5", '{"payload": "{\\"payload\\": \\"{}\\"}"}'])
def test_what_holds_no_event_is_refused_as_ever(line: str) -> None:
    """With a reason, never with an error of ours."""
    assert isinstance(judge(1, line.encode()), Refusal)


def test_an_event_may_have_a_field_of_that_name() -> None:
    """What is an event already is not unwrapped."""
    line = json.dumps({**EVENT, "payload": "x"}).encode()
    assert unwrapped(line) == line
