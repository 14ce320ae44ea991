"""Whether a connection takes what it is sent: judged by the bytes that left, not by the frames that it still owes an answer for."""


class Progress:
    """One connection's sending. A socket that holds nothing back is never stalled."""

    __slots__ = ("_left", "_moved_ms")

    def __init__(self, now_ms: int) -> None:
        self._left = 0
        self._moved_ms = now_ms

    def stalled_ms(self, written: int, buffered: int, now_ms: int) -> int:
        """Return for how long nothing has left. written: bytes given to the socket so far; buffered: those that it still holds.

        Only more than ever before counts: what is buffered beside (pongs) makes the difference smaller, and that is no progress.
        """
        left = written - buffered
        if buffered <= 0 or left > self._left:
            self._left = max(left, self._left)
            self._moved_ms = now_ms
        return max(0, now_ms - self._moved_ms)
