"""How stores are shared out among processes that fill them."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from broker.connection import KafkaSettings
from streams.engine.fill import Part
from streams.engine.fillers import Fillers, Filling, deal


def _parts(lacking: list[int]) -> list[tuple[Part, int]]:
    return [(Part(number, Path("stores") / str(number), count), count) for number, count in enumerate(lacking)]


@given(st.lists(st.integers(1, 1_000_000)), st.integers(1, 8))
def test_each_store_goes_to_one_process_and_no_process_is_idle(lacking: list[int], processes: int) -> None:
    """Nothing is left out or done twice; none starts for nothing; none has more to do than another and one store besides."""
    hands = deal(_parts(lacking), processes)
    dealt = [part.partition for hand in hands for part in hand]
    loads = [sum(part.end for part in hand) for hand in hands]
    assert sorted(dealt) == list(range(len(lacking)))
    assert len(hands) == min(processes, len(lacking))
    assert all(load - hand[-1].end <= min(loads) for load, hand in zip(loads, hands, strict=True))


def test_the_largest_stores_are_begun_first() -> None:
    """So the small ones even out what the processes have to do."""
    hands = deal(_parts([10, 50, 40, 20]), 2)
    assert [[part.partition for part in hand] for hand in hands] == [[1, 0], [2, 3]]


def test_stores_that_lack_little_are_worth_no_process() -> None:
    """A process takes longer to start than they take, unless it is many of them; where none may be, none is."""
    two, none = (Fillers(Filling(KafkaSettings(), 5_000, processes), lambda _: None) for processes in (2, 0))
    few, many = _parts([0, 1_000, 2_000, 2_000]), _parts([0, 1_000, 2_000, 2_001])
    assert two.due(few) == []
    assert two.due(many) == many[2:]
    assert none.due(many) == []


def test_any_store_may_be_due() -> None:
    """With a limit of 0, all that lack anything are."""
    assert Fillers(Filling(KafkaSettings(), 0, 1), lambda _: None).due(parts := _parts([0, 1, 7])) == parts[1:]
