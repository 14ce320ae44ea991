"""Whether events wait for a worker. The end of a log alone does not tell: the marker of a transaction takes an offset and is no event."""

from collections.abc import Mapping

from msgspec import Struct, field

from api.protocol.freshness import Ends, Freshness, Old


class Backlog(Struct):
    """freshness: of `task-changes`. empty: partition -> all below this that was not shown when it was read is no event.

    waiting: partition -> an event that was not shown then.
    """

    freshness: Freshness
    empty: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)

    def answer(self, ends: Ends, through: Ends, now_s: float) -> None:
        """Note where the partitions end, and up to where each is shown."""
        self.freshness.answer(ends, self._shown(through), now_s)

    def doubtful(self, through: Ends, by_s: float) -> list[int]:
        """Return the partitions to be read from `through` on, since otherwise they may be called late at a time."""
        if self.freshness.reason(by_s) is None:
            return []
        goal = self.freshness.goal
        behind = (partition for partition, end in self._shown(through).items() if end < goal.get(partition, 0))
        return sorted(one for one in behind if self.waiting.get(one, -1) < through[one])

    def found(self, ends: Ends, events: Mapping[int, int | None]) -> None:
        """Note the first event of partitions that were read up to these ends; None: there is none."""
        for partition, event in events.items():
            if event is None:
                self.empty[partition] = ends[partition]
            else:
                self.waiting[partition] = event

    def old(self, now_s: float) -> Old | None:
        """Return how long events have waited where that is too long. Whether the broker answers is told elsewhere."""
        old = self.freshness.old(now_s)
        return None if old is None or old.reason != "lag" else old._replace(reason="backlog")

    def _shown(self, through: Ends) -> dict[int, int]:
        """Return up to where all that is an event is shown."""
        return {partition: max(end, self.empty.get(partition, 0)) for partition, end in through.items()}
