"""The log in other partitions says the same: order, conditions, dead letters."""

import json

from archive.growth import merged, regrown
from archive.record import Saved, filler
from schemas.topics import DLQ_OFFSET

A = [Saved(0, 10, b"a", b"1"), Saved(1, 40, b"b", b"2"), Saved(2, 20, b"a", b"3")]
B = [Saved(0, 30, b"c", b"4"), Saved(4, 50, b"c", b"5")]


def test_partitions_are_merged_by_log_time() -> None:
    """A record that was late in its partition stays behind what it came after."""
    assert [record.value for _, record in merged([A, B])] == [b"1", b"4", b"2", b"3", b"5"]


def test_offsets_begin_anew_in_each_partition() -> None:
    """And have no gaps."""
    made = list(regrown([A, B], 2, lambda key: 1 if key == b"b" else 0))
    assert [(out.partition, out.record.offset, out.record.value) for out in made] == [
        (0, 0, b"1"),
        (0, 1, b"4"),
        (1, 0, b"2"),
        (0, 2, b"3"),
        (0, 3, b"5"),
    ]
    assert [out.partition for out in regrown([[], [Saved(0, 1, None, b"")]], 1, lambda _: 0)] == [0]


def test_what_names_an_offset_follows_it() -> None:
    """Conditions of events, and settled dead letters; what names nothing goes on naming nothing; what cannot be read stays."""

    def conditioned(stamp: object) -> bytes:
        return json.dumps({"if_stamp": stamp}).encode()

    values = [conditioned(5), conditioned(3), conditioned(-1), conditioned("x"), b'["if_stamp"]', b'{"if_stamp"']
    log = [Saved(5, 1, b"a", b"first"), *(Saved(6 + number, 2, b"a", value) for number, value in enumerate(values))]
    log.append(Saved(20, 3, b"a", None, ((DLQ_OFFSET, b"6"), ("other", b"6"))))
    log.append(Saved(21, 3, b"a", None, ((DLQ_OFFSET, b"?"),)))
    made = [out.record for out in regrown([log], 1, lambda _: 0)]
    assert [json.loads(record.value or b"")["if_stamp"] for record in made[1:5]] == [0, 2**62, -1, "x"]
    assert [record.value for record in made[5:7]] == values[4:]
    assert made[7].headers == ((DLQ_OFFSET, b"1"), ("other", b"6"))
    assert made[8].headers == ((DLQ_OFFSET, b"?"),)


def test_a_filler_settles_nothing_that_exists() -> None:
    """Its letter is beyond every log."""
    assert int(dict(filler(3, 9).headers)[DLQ_OFFSET]) > 2**62
