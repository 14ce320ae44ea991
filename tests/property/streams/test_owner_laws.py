"""A worker that dies after any record of any step, with and without its disk, late records of the dead one included.

The real owner, writer, watermark, sole-writer check and restore run on a made Kafka in virtual time. What they leave is held against a
fold without any crash and against the independent recount.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.decode import Poison, decode
from streams.domain.records import Out, Record
from streams.domain.rules import Rules
from tests.property.streams.ether import CASCADES, DEAD, STATE
from tests.property.streams.lives import Life, Partition, Parts, play
from tests.property.streams.recount import disagreement
from tests.property.streams.strategies import logs
from tests.property.streams.world import Client, Store, Worker, live_rows

_few = st.integers(1, 9)
_waits = st.lists(st.sampled_from([0, 0, 1, 7, 40, 700]), min_size=1, max_size=4).map(tuple)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw one life that ends with a crash."""
    return Life(
        worker=draw(st.sampled_from([0, 0, 1])),
        batches=tuple(draw(st.lists(_few, min_size=1, max_size=3))),
        pauses_ms=draw(_waits),
        waits_ms=draw(_waits),
        slow=draw(st.sampled_from(["", STATE, CASCADES, DEAD])),
        room=draw(st.integers(1, 4)),
        commit_ms=draw(st.sampled_from([10, 100, 1000])),
        crash_ms=draw(st.sampled_from([1, 3, 9, 30, 60, 300, 900, 2000])),
        lingers_ms=draw(st.sampled_from([0, 0, 5, 100, 1200])),
        kept=draw(st.sampled_from([1.0, 1.0, 0.5, 0.0])),
        late=draw(st.sampled_from([0, 0, 0, 1, 5])),
        late_ms=draw(st.sampled_from([0, 5, 100, 1200])),
        lost=draw(st.sampled_from([-1, -1, -1, 0, 2])),
    )


Story = tuple[list[Record], list[Life]]


def returns() -> st.SearchStrategy[Story]:
    """Draw a worker that is cut off and does not know, another that goes further meanwhile, and the first one again, with its store."""
    cut_off = st.builds(
        Life,
        batches=st.sampled_from([(1,), (2,), (3,)]),
        pauses_ms=st.sampled_from([(0,), (10,)]),
        waits_ms=st.lists(st.sampled_from([0, 7, 40, 300, 700]), min_size=1, max_size=4).map(tuple),
        commit_ms=st.just(10),
        slow=st.sampled_from(["", STATE]),
        crash_ms=st.sampled_from([15, 60, 150, 400]),
        lingers_ms=st.sampled_from([100, 400, 1200]),
    )
    further = st.builds(
        Life,
        worker=st.just(1),
        batches=st.sampled_from([(1,), (3,), (9,)]),
        pauses_ms=st.sampled_from([(10,), (100,), (300,)]),
        waits_ms=st.sampled_from([(0,), (7,)]),
        commit_ms=st.just(10),
        crash_ms=st.sampled_from([300, 900, 2000]),
    )
    return st.tuples(logs(20), st.tuples(cut_off, further, st.just(Life())).map(list))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a log and the lives that work on it; the last one ends in peace."""
    return draw(logs()), [*draw(st.lists(lives(), max_size=3)), Life(batches=(draw(_few),), room=draw(_few), waits_ms=draw(_waits))]


def verdict(log: Sequence[Record], partition: Partition) -> str:
    """Return the first law that is broken, or ""."""
    whole = Worker().run(log).store
    state = newest(partition.log.topics[STATE])
    if state != whole.values:
        return f"task-state differs in {_differing(state, whole.values)}"
    rows = {key: value for key, value in whole.values.items() if not key.startswith(b"offset/")}
    if partition.disk.rows != rows:
        return f"the store differs in {_differing(partition.disk.rows, rows)}"
    if Client(may_go_back=True).apply(partition.log.topics[CASCADES]).live() != live_rows(whole):
        return "a reader of all messages holds other rows"
    if partition.log.committed != partition.log.end:
        return f"committed {partition.log.committed}, end {partition.log.end}"
    dead = {out.value for out in partition.log.topics[DEAD]}
    if not {record.value for record in log if isinstance(decode(record), Poison)} <= dead:
        return "a dead letter is missing"
    return disagreement(log, Store(state))


def newest(records: Sequence[Out]) -> dict[bytes, bytes]:
    """Return what compaction would leave."""
    return {out.key: out.value for out in records if out.value is not None}


def _differing(one: dict[bytes, bytes], other: dict[bytes, bytes]) -> list[bytes]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def told(parts: Parts, story: Story, rules: Rules | None = None) -> str:
    """Return the verdict over a story, played by these parts."""
    log, lives_of_it = story
    return verdict(log, play(log, lives_of_it, parts, rules))


@given(stories(), st.sampled_from([Rules(), Rules(max_message_bytes=3000), Rules(ai_batch=False)]))
def test_no_crash_changes_a_row_or_loses_a_message(story: Story, rules: Rules) -> None:
    """Rows equal those without a crash and the recount, the store equals its topic, readers hold them, and all is committed."""
    assert told(Parts(), story, rules) == ""


@given(returns())
def test_a_worker_that_comes_back_has_what_another_wrote_meanwhile(story: Story) -> None:
    """Its late rows were acknowledged behind rows that tell of more: its store must not take those for known."""
    assert told(Parts(), story) == ""


@given(stories(), st.sampled_from([Rules(), Rules(max_message_bytes=3000)]))
def test_a_reader_always_stands_at_a_moment_of_the_log(story: Story, rules: Rules) -> None:
    """After any message, also those of several owners in turn, a reader's project is as the log left it where the message says."""
    log, lives_of_it = story
    client = Client(may_go_back=True)
    moments: dict[int, dict[tuple[str, str, str], dict[str, Any]]] = {}
    for out in play(log, lives_of_it, rules=rules).log.topics[CASCADES]:
        client.apply([out])
        name = out.key.decode()
        if (end := client.ends.get(name)) is not None:
            if end not in moments:
                moments[end] = live_rows(Worker().run([record for record in log if record.offset < end]).store)
            then = {key: row for key, row in moments[end].items() if key[1] == name}
            assert {key: row for key, row in client.live().items() if key[1] == name} == then
