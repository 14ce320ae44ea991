"""Liveness is progress: a worker that stands still while events wait and Kafka answers is ended. Pure."""

from msgspec import Struct


class Ends(Struct, frozen=True):
    """Where one partition stands; all are exclusive ends. end: of the log. read: drained. taken: of the last event that was taken in.

    durable: the watermark. committed: at Kafka.
    """

    end: int
    read: int
    taken: int
    durable: int
    committed: int

    @property
    def lag(self) -> int:
        """Events that are not durable yet."""
        return max(0, self.end - max(self.read if self.taken == self.durable else 0, self.durable))

    @property
    def behind(self) -> bool:
        """Tell whether something is left to do."""
        return self.end > self.read or self.taken > self.durable or self.durable > self.committed


class Progress:
    """Notes each partition's ends over time and tells which stand still. Kafka's absence and a rebalance are excuses."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._last: dict[int, tuple[Ends, float]] = {}

    def note(self, now: float, ends: dict[int, Ends], *, excused: bool) -> list[int]:
        """Return the partitions that are behind and have not moved for `stall_s`; `excused` restarts the clock."""
        stalled = []
        kept: dict[int, tuple[Ends, float]] = {}
        for number, current in ends.items():
            before, since = self._last.get(number, (None, now))
            moved = before is None or _place(before) != _place(current)
            kept[number] = (current, now if moved or excused or not current.behind else since)
            if now - kept[number][1] > self._stall_s:
                stalled.append(number)
        self._last = kept
        return stalled


def _place(ends: Ends) -> tuple[int, int, int]:
    return ends.read, ends.durable, ends.committed
