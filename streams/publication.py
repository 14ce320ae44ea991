"""One unit of sending, and how its records are cut into batches. Pure but for the builder it is given."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streams.domain.node import Node
from streams.domain.poison import PoisonCount
from streams.domain.records import DeadLetter, Out
from streams.domain.sole_writer import Gap

Headers = list[tuple[str, bytes]]
Sendable = tuple[bytes | None, bytes | None, Headers]


class Builder(Protocol):
    """aiokafka's record batch under construction."""

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers) -> object | None:
        """Add a record; None when the batch is full."""
        ...

    def record_count(self) -> int:
        """Return the number of records."""
        ...


@dataclass
class Publication:
    """What leaves together: the output of one step, or of one closed window.

    step, rows: number of the step and its rows. ticket: its sending, see `Watermark`. events: how many it accounts for in
    the back-pressure. hints: of the rows in `state`. through, time_ms: of the offset row; `state` is empty for a window.
    mends: the gap whose rows it writes again. poison: how it stands after the step.
    """

    step: int
    ticket: int
    cascades: Sequence[Out] = ()
    state: Sequence[Out] = ()
    rows: Mapping[bytes, Node] = field(default_factory=dict)
    dead: Sequence[DeadLetter] = ()
    events: int = 0
    through: int = -1
    time_ms: int = 0
    hints: list[tuple[bytes, bytes]] = field(default_factory=list)
    mends: Gap | None = None
    poison: PoisonCount | None = None


def cut(records: Iterable[Sendable], new_batch: Callable[[], Builder]) -> Iterator[Builder]:
    """Yield the records in order in as few batches as the batches' own limit allows, each when it is full; no batch is empty."""
    batch: Builder | None = None
    for key, value, headers in records:
        if batch is None or batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
            if batch is not None:
                yield batch
            batch = new_batch()
            batch.append(timestamp=None, key=key, value=value, headers=headers)
    if batch is not None:
        yield batch


def plain(outs: Iterable[Out]) -> Iterable[Sendable]:
    """Return cascades or rows as records; the only headers that they may have are those of a trace."""
    return ((out.key, out.value, list(out.trace)) for out in outs)
