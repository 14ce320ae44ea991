"""How many bytes of events an owner holds: taken in, and not durable yet."""

from collections import deque
from collections.abc import Sequence

from streams.domain.records import Record


class Weight:
    """Bytes by the batches that they came in; a batch counts until the whole of it is durable."""

    def __init__(self) -> None:
        self.total = 0
        self._batches: deque[tuple[int, int]] = deque()

    def took(self, records: Sequence[Record]) -> None:
        """Add a batch."""
        size = sum([len(record.value or b"") for record in records])
        self.total += size
        self._batches.append((records[-1].offset + 1, size))

    def durable(self, through: int) -> None:
        """Take away the batches that end at or below an offset."""
        while self._batches and self._batches[0][0] <= through:
            self.total -= self._batches.popleft()[1]
