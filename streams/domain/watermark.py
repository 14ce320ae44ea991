"""How far the input may be committed: all below is durable and published, so a crash loses nothing of it."""


class Watermark:
    """Sendings of one owner, acknowledged in any order.

    A sending is a step with everything it sends (state, messages, dead letters), or the messages of a flush. It covers the events
    from `covers` on: until it is acknowledged, none of them is committed. `start`: where this owner began to read.
    """

    __slots__ = ("_end", "_next", "_pending")

    def __init__(self, start: int) -> None:
        self._end = start
        self._next = 0
        self._pending: dict[int, int] = {}

    def sent(self, covers: int, end: int | None = None) -> int:
        """Note a sending and return its ticket.

        A step: `Step.covers`, and the end of its batch (last record's offset + 1). A flush: `Windows.oldest_offset()` as it was
        before the flush.
        """
        ticket = self._next
        self._next += 1
        self._pending[ticket] = covers
        if end is not None:
            self._end = end
        return ticket

    def acked(self, ticket: int) -> None:
        """Note that everything of a sending is acknowledged."""
        del self._pending[ticket]

    def committable(self, oldest_open: int | None) -> int:
        """Return the offset to commit (exclusive end). oldest_open: `Windows.oldest_offset()` now."""
        lowest = min(self._pending.values(), default=self._end)
        return lowest if oldest_open is None else min(lowest, oldest_open)
