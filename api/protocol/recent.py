"""What a user wrote lately through this edge, so that a repeated change is answered and not written again."""

from collections import OrderedDict

from schemas.messages import Position


class Recent:
    """Positions by (user, message id): at most `size` of them, each for `keep_ms`."""

    def __init__(self, size: int = 10_000, keep_ms: int = 600_000) -> None:
        self._size = size
        self._keep_ms = keep_ms
        self._known: OrderedDict[tuple[str, str], tuple[int, Position]] = OrderedDict()

    def find(self, user: str, message_id: str, now_ms: int) -> Position | None:
        """Return where this change stands in the log, or None when this edge does not know it."""
        known = self._known.get((user, message_id))
        return known[1] if known is not None and now_ms - known[0] <= self._keep_ms else None

    def add(self, user: str, message_id: str, position: Position, now_ms: int) -> None:
        """Remember a change that is in the log."""
        self._known[user, message_id] = (now_ms, position)
        self._known.move_to_end((user, message_id))
        while len(self._known) > self._size:
            self._known.popitem(last=False)
