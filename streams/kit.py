"""What every owner of a worker works with."""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from streams.domain.poison import PoisonLimits
from streams.domain.records import Out, Partition, Record, Rows, Step
from streams.domain.rules import Rules
from streams.domain.windows import Windows
from streams.engine.store import Mark, Write
from streams.mending import ReadGap
from streams.metrics import Meters
from streams.writer import Outlets, Sink


class Shelf(Protocol):
    """The stored rows: a `PartitionStore`."""

    mark: Mark
    read_end: int

    def get(self, key: bytes) -> bytes | None:
        """Return a row's value."""
        ...

    def children(self, parent: bytes) -> Sequence[bytes]:
        """Return the hints under a parent."""
        ...

    def apply(self, write: Write) -> None:
        """Store what was acknowledged."""
        ...


class Fold(Protocol):
    """The pure fold of `streams.domain`."""

    def slices(
        self, rows: Rows, partition: Partition, records: Sequence[Record], windows: Windows, now_ms: int, rules: Rules
    ) -> Generator[None, None, Step]:
        """Return what a batch changes, in slices between which others may have a turn."""
        ...

    def flush(self, rows: Rows, partition: Partition, windows: Windows, now_ms: int, rules: Rules) -> list[Out]:
        """Return the messages of the windows that are due."""
        ...


@dataclass(frozen=True)
class Kit:
    """What every owner of a worker works with.

    clock: milliseconds since 1970. reposition: read a partition again from an offset. read_gap: newest values by key of a stretch of
    `task-state`.
    """

    fold: Fold
    rules: Rules
    sink: Callable[[], Sink]
    outlets: Outlets
    clock: Callable[[], int]
    reposition: Callable[[int, int], Awaitable[None]]
    read_gap: ReadGap
    meters: Meters
    step_events: int
    poison: PoisonLimits = field(default_factory=PoisonLimits)
