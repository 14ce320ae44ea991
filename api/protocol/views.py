"""What a caller asks of a table: columns, rows, their order, and from where on. Wrong questions are problems that say what fits."""

import base64
import math
import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.problems import INVALID_REQUEST, Problem
from schemas.tables import Column, Table, value_of

OPERATORS: Final = ("!=", "<=", ">=", "=", "<", ">", "~")
_CONDITION: Final = re.compile(r"([a-z_]+)(?:\.([^=!<>~]{1,64}))?(!=|<=|>=|=|<|>|~)(.*)", re.DOTALL)
_ORDERED: Final = frozenset({"text", "integer", "number", "boolean", "time"})
_ALTERNATIVE: Final = "|"


class Condition(Struct, frozen=True):
    """One thing that a row must meet. part: of a column of counts. values: of which one is enough (`!=`: none may be)."""

    column: Column
    part: str | None
    operator: str
    values: tuple[Any, ...]


class Order(Struct, frozen=True):
    """By a column first, then by the table's key. column None: by the key alone."""

    column: Column | None = None
    descending: bool = False


class After(Struct, frozen=True):
    """The place after which a page begins: the last row's value in the column of the order, and its key."""

    value: Any
    key: tuple[str, ...]


class Asked(Struct, frozen=True):
    """A whole question."""

    table: Table
    columns: tuple[Column, ...]
    conditions: tuple[Condition, ...]
    order: Order
    after: After | None
    limit: int


class Wish(Struct, frozen=True):
    """A question as it was written. columns: with commas between. where: `column<operator>value`. sort: `column` or `-column`."""

    columns: str | None = None
    where: tuple[str, ...] = ()
    sort: str | None = None
    after: str | None = None
    limit: int = 1000


class _Mistake(ValueError):  # noqa: N818  because it is the caller's, not ours
    """What is wrong, in words for the caller."""


def asked_of(table: Table, wish: Wish) -> Asked | Problem:
    """Return the question, or everything that is wrong with it."""
    errors: list[str] = []

    def tried(name: str, make: Any, *arguments: Any) -> Any:  # noqa: ANN401  because it passes on what each maker returns
        try:
            return make(table, *arguments)
        except _Mistake as mistake:
            errors.append(f"{name}: {mistake}")
            return None

    columns = tried("columns", _columns, wish.columns)
    conditions = tuple(tried("where", _condition, text) for text in wish.where)
    order = tried("sort", _order, wish.sort)
    after = tried("after", _after, wish) if not errors and wish.after is not None else None
    if errors:
        return Problem(INVALID_REQUEST, errors=tuple(errors))
    return Asked(table, columns, conditions, order, after, wish.limit)


def cursor_of(asked: Asked, row: Struct) -> str:
    """Return the `after` of the page behind this row."""
    place = [_sort_of(asked.order), *_place(asked, row)]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def key_of(table: Table, row: Struct) -> tuple[str, ...]:
    """Return the values of the table's key."""
    return tuple(str(value_of(column, row)) for column in _key_columns(table))


def _place(asked: Asked, row: Struct) -> tuple[Any, ...]:
    column = asked.order.column
    return (None if column is None else value_of(column, row), *key_of(asked.table, row))


def _key_columns(table: Table) -> list[Column]:
    return [column for name in table.key for column in table.columns if column.name == name]


def _sort_of(order: Order) -> str:
    return "" if order.column is None else ("-" if order.descending else "") + order.column.name


def _columns(table: Table, text: str | None) -> tuple[Column, ...]:
    if text is None:
        return table.columns
    names = [name.strip() for name in text.split(",")]
    if len(set(names)) != len(names):
        raise _Mistake("each column once")
    return tuple(_column(table, name) for name in names)


def _column(table: Table, name: str) -> Column:
    for column in table.columns:
        if column.name == name:
            return column
    raise _Mistake(f"{name[:64]!r} is none of {', '.join(column.name for column in table.columns)}")


def _order(table: Table, text: str | None) -> Order:
    if not text:
        return Order()
    column = _column(table, text.removeprefix("-"))
    if column.type not in _ORDERED:
        raise _Mistake(f"{column.name} has no order")
    return Order(column, text.startswith("-"))


def _after(table: Table, wish: Wish) -> After:
    """Return the place that `cursor_of` wrote for the same order."""
    text = wish.after or ""
    try:
        found = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        sort, value, *key = found
    except (ValueError, TypeError):
        raise _Mistake("take it from `next` of the page before") from None
    order = _order(table, wish.sort)
    if sort != _sort_of(order) or len(key) != len(table.key) or not all(isinstance(part, str) for part in key):
        raise _Mistake("it belongs to a page in another order")
    if not _fits(order.column, value):
        raise _Mistake("take it from `next` of the page before")
    return After(value, tuple(key))


def _fits(column: Column | None, value: object) -> bool:
    """Return whether a value can be compared with those of a column."""
    if value is None or column is None:
        return value is None
    wanted = {"integer": int, "number": (int, float), "boolean": bool}.get(column.type, str)
    return isinstance(value, wanted)  # type: ignore[arg-type]  # a type or a tuple of types


def _condition(table: Table, text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise _Mistake(f"{text[:64]!r} is no <column><operator><value>, with one of {' '.join(OPERATORS)}")
    name, part, operator, value = match.groups()
    column = _column(table, name)
    if (column.type == "counts") != (part is not None):
        raise _Mistake(f"{name}.<name> is a count" if part is None else f"{name} has no parts")
    if column.type == "list" and operator not in {"~", "!="}:
        raise _Mistake(f"{name}~<text> finds what holds this text as an entry")
    if operator == "~" and column.type not in {"text", "list"}:
        raise _Mistake(f"{name} holds no text")
    many = operator in {"=", "!="}
    values = [_value(column, one) for one in (value.split(_ALTERNATIVE) if many else [value])]
    return Condition(column, part, operator, tuple(values))


def _value(column: Column, text: str) -> Any:  # noqa: ANN401  because each type of column has its own
    try:
        match column.type:
            case "integer" | "counts":
                return int(text)
            case "number":
                return _finite(float(text))
            case "boolean":
                return {"true": True, "false": False}[text]
            case "time":
                return _time(text)
            case _:
                return text
    except (KeyError, ValueError, OverflowError):
        raise _Mistake(f"{column.name} is compared with a value of type {column.type}, not {text[:64]!r}") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def _time(text: str) -> str:
    """Return a time as rows write it, so that both compare as text. A day means its beginning."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
