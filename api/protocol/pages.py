"""One page of a table: rows go in one by one, in any order; those of the page come out, whatever there is before and behind it."""

import heapq
from functools import total_ordering
from typing import Any, Final

from msgspec import Struct

from api.protocol.views import After, Asked, Condition, Order, cursor_of, key_of
from schemas.tables import value_of

_SLACK: Final = 1024
Ranked = tuple[tuple[Any, ...], Struct]


@total_ordering
class _Down:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:  # noqa: ANN401  because each type of column has its own
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and bool(self.value == other.value)

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]  # it is compared and never kept


class Page:
    """Keeps no more than a few pages of rows, however many it is given."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._after = None if asked.after is None else _rank(asked.order, asked.after)
        self._found: list[Ranked] = []

    def take(self, row: Struct) -> None:
        """Take a row in, if it meets the conditions and comes behind the place."""
        asked = self._asked
        if not all(_meets(condition, row) for condition in asked.conditions):
            return
        column = asked.order.column
        place = After(None if column is None else value_of(column, row), key_of(asked.table, row))
        rank = _rank(asked.order, place)
        if self._after is None or rank > self._after:
            self._found.append((rank, row))
            if len(self._found) > 2 * asked.limit + _SLACK:
                self._found = self._first()

    @property
    def kept(self) -> int:
        """Return how many rows are kept now."""
        return len(self._found)

    def rows(self) -> tuple[list[Struct], str | None]:
        """Return the rows of the page, and the `after` of the next one (None: there is none)."""
        rows = [row for _, row in self._first()]
        limit = self._asked.limit
        return (rows[:limit], cursor_of(self._asked, rows[limit - 1])) if len(rows) > limit else (rows, None)

    def _first(self) -> list[Ranked]:
        return heapq.nsmallest(self._asked.limit + 1, self._found, key=_rank_of)


def _rank_of(ranked: Ranked) -> tuple[Any, ...]:
    return ranked[0]


def _rank(order: Order, place: After) -> tuple[Any, ...]:
    """Return what sorts as the order says. Rows without a value come last, whichever way it goes."""
    if place.value is None:
        return (1, *place.key)
    return (0, _Down(place.value) if order.descending else place.value, *place.key)


def _meets(condition: Condition, row: Struct) -> bool:
    value = value_of(condition.column, row)
    if condition.part is not None:
        value = (value or {}).get(condition.part, 0)
    if isinstance(value, list | tuple):
        return any(wanted in value for wanted in condition.values) is (condition.operator == "~")
    if condition.operator == "!=":
        return value not in condition.values
    return value is not None and _compare(condition, value)


def _compare(condition: Condition, value: Any) -> bool:  # noqa: ANN401  because each type of column has its own
    wanted = condition.values[0]
    match condition.operator:
        case "=":
            return value in condition.values
        case "~":
            return str(wanted).casefold() in str(value).casefold()
        case "<":
            return bool(value < wanted)
        case "<=":
            return bool(value <= wanted)
        case ">":
            return bool(value > wanted)
        case _:
            return bool(value >= wanted)
