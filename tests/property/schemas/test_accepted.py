"""What the public contract takes, the worker can apply."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import TaskChange
from schemas.events import Event, encode_event
from schemas.words import ACTIONS
from streams.domain.decode import Poison, decode
from streams.domain.records import Record
from tests.property.schemas.twins import structs

zones = st.sampled_from(["", "Z", "+02:00", "-11:30"])


@given(event=structs(Event), action=st.sampled_from(sorted(ACTIONS)), zone=zones)
def test_no_event_of_the_contract_is_poison(event: Event, action: str, zone: str) -> None:
    """Whoever keeps the contract never finds an event among the dead letters."""
    event.action = action
    event.occurred_at = event.occurred_at.removesuffix("Z") + zone
    value = encode_event(event)
    TaskChange.model_validate_json(value)

    assert not isinstance(decode(Record(0, 0, event.project_id.encode(), value)), Poison)
