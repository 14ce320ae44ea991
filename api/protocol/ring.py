"""The replay memory of one stream: the newest frames, bounded by number and age, read by many cursors."""

from typing import Final, NamedTuple

MAX_FRAMES: Final = 512
MAX_AGE_MS: Final = 5 * 60 * 1000


class Frame(NamedTuple):
    """One finished frame. Its bytes are built once and shared by all receivers."""

    sequence: int
    data: bytes
    time_ms: int


class Ring:
    """Frames by index: `first` ..< `end`. A cursor is an index; a cursor below `first` fell out.

    `last` is the newest sequence that was appended, `evicted` the newest one that is gone (0: none).
    """

    __slots__ = ("_frames", "end", "evicted", "first", "last", "size")

    def __init__(self) -> None:
        self._frames: dict[int, Frame] = {}
        self.first = 0
        self.end = 0
        self.last = 0
        self.evicted = 0
        self.size = 0

    def append(self, frame: Frame, max_frames: int = MAX_FRAMES) -> int:
        """Add the newest frame; returns by how many bytes the ring grew (negative: it shrank)."""
        before = self.size
        self._frames[self.end] = frame
        self.end += 1
        self.last = frame.sequence
        self.size += len(frame.data)
        while self.end - self.first > max_frames:
            self.evict()
        return self.size - before

    def evict(self) -> int:
        """Drop the oldest frame; returns its size in bytes."""
        frame = self._frames.pop(self.first)
        self.first += 1
        self.evicted = frame.sequence
        self.size -= len(frame.data)
        return len(frame.data)

    def skip(self, sequence: int) -> int:
        """Pass over a sequence that has no frame here: every cursor falls out. Returns how many bytes went."""
        gone = self.size
        while self.first < self.end:
            self.evict()
        self.end += 1
        self.first = self.end
        self.evicted = self.last = max(self.last, sequence)
        return gone

    def renew(self, applied: int) -> int:
        """Let every cursor fall out, and have nobody go on from up to `applied`. Returns how many bytes went."""
        gone = self.skip(applied)
        self.evicted = applied + 1
        return gone

    def expire(self, before_ms: int) -> int:
        """Drop the frames that came before this time; returns their size in bytes."""
        gone = 0
        while self.first < self.end and self._frames[self.first].time_ms < before_ms:
            gone += self.evict()
        return gone

    def get(self, cursor: int) -> Frame | None:
        """Return the frame at a cursor, or None when it is not there (yet or any more)."""
        return self._frames.get(cursor)

    def tail(self, cursor: int, max_bytes: int) -> list[bytes] | None:
        """Return all frames from a cursor on; None when it fell out of the ring, or they have more than `max_bytes`."""
        if cursor < self.first:
            return None
        frames = [self._frames[index].data for index in range(cursor, self.end)]
        return frames if sum(map(len, frames)) <= max_bytes else None

    def after(self, sequence: int) -> int:
        """Return the cursor of the first frame whose sequence is above this one."""
        cursor = self.end
        while cursor > self.first and self._frames[cursor - 1].sequence > sequence:
            cursor -= 1
        return cursor
