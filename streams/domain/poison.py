"""How much poison a worker bears: more of it means that a producer, or this worker, is wrong as a whole, and dropping on is no help."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from streams.domain.records import DeadLetter, Record


class PoisonLimits(Struct, frozen=True):
    """consecutive: so many poison records one after the other are too many. ratio: so large a part of `events` events is."""

    consecutive: int = 100
    ratio: float = 0.2
    events: int = 1_000


class PoisonCount(Struct, frozen=True):
    """How it stands: poison at the end of what was seen, and since the ratio was last taken all events and the poison among them."""

    run: int = 0
    events: int = 0
    dead: int = 0


class PoisonWatch:
    """Watches one partition, batch by batch. count: how the one before it stood, whose work this one continues."""

    __slots__ = ("_dead", "_events", "_limits", "_run")

    def __init__(self, limits: PoisonLimits, count: PoisonCount | None = None) -> None:
        self._limits = limits
        before = count or PoisonCount()
        self._run, self._events, self._dead = before.run, before.events, before.dead

    @property
    def count(self) -> PoisonCount:
        """Return how it stands, for whoever continues."""
        return PoisonCount(self._run, self._events, self._dead)

    def note(self, records: Sequence[Record], dead: Collection[DeadLetter], through: int = -1) -> str | None:
        """Take in a batch and the dead letters in it; returns the limit that it breaks, as a sentence for people.

        Records below `through` come again and were counted.
        """
        if records[0].offset < through:
            records = [record for record in records if record.offset >= through]
            dead = [letter for letter in dead if letter.record.offset >= through]
        if not records:
            return None
        self._events += len(records)
        self._dead += len(dead)
        if not dead:
            self._run = 0
        elif self._longest_run(records, {letter.record.offset for letter in dead}) >= self._limits.consecutive:
            return f"{self._limits.consecutive} records one after the other cannot be applied, up to offset {records[-1].offset}"
        if self._events < self._limits.events:
            return None
        share, events, self._events, self._dead = self._dead / self._events, self._events, 0, 0
        return f"{share:.0%} of the last {events} records cannot be applied" if share > self._limits.ratio else None

    def _longest_run(self, records: Sequence[Record], dead: set[int]) -> int:
        longest = self._run
        for record in records:
            self._run = self._run + 1 if record.offset in dead else 0
            longest = max(longest, self._run)
        return longest
