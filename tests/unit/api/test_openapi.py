"""The description of bodies that routes read by themselves."""

import json

import msgspec

from api.openapi import bodies
from api.protocol.requests import ChangeRequest


def test_a_change_is_described_as_it_is_read() -> None:
    """The same fields, the same of them needed; the rest of the contract is that of the event."""
    read = msgspec.json.schema(ChangeRequest)["$defs"]["ChangeRequest"]
    told = bodies()["ChangeRequest"]
    assert set(told["properties"]) == set(read["properties"])
    assert set(told["required"]) == set(read["required"])


def test_every_reference_leads_to_a_schema() -> None:
    """None is left that points into a model of its own."""
    found = bodies()
    text = json.dumps(found)
    assert "$defs" not in text
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(found)
    assert "ChangeData" in names
