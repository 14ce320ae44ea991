"""What the engine asks of the owners, and what it hands to them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.domain.records import Record


class Batch(NamedTuple):
    """Records of one partition in order, at least one. They are all that lies between the offsets `begin` and `end` (exclusive).

    token: how often the partition had been positioned when they were drained.
    """

    records: Sequence[Record]
    token: int
    begin: int
    end: int


class Place(NamedTuple):
    """Where reading of a partition starts: the next offset to read, and the token that its batches will carry."""

    offset: int
    token: int


class Partitions(Protocol):
    """The owners of the assigned partitions, as the consumer sees them. All calls come from the worker's own loop."""

    def has_room(self, partition: int) -> bool:
        """Return whether the partition may take more events."""
        ...

    def watermark(self, partition: int) -> int | None:
        """Return the end of what is durable and published, or None when nothing may be committed."""
        ...

    def throughs(self) -> Mapping[int, int]:
        """Return for each owned partition the end of the events that its rows include; -1 when it has none."""
        ...

    async def open(self, partition: int, place: Place) -> None:
        """Let the owner take batches from this place on."""
        ...

    async def settle(self) -> None:
        """Publish what is held back and wait, bounded, until all that was sent is acknowledged."""
        ...
