"""From PostgreSQL's text of a value to ours. Pure, and never an error: a value that says nothing to us is the default."""

import json
from collections.abc import Mapping as Map

from msgspec import UNSET, UnsetType

from connectors.board import MAX_LIST, bounded, cut
from connectors.postgres.mapping import FieldName
from connectors.postgres.pgoutput import Row, Unchanged
from connectors.words import MAX_WORD_CHARS, texts
from schemas.events import Fields


def text_of(row: Row, column: str | None) -> str | None:
    """Return the text of a column; None when it is null, missing, or was not sent."""
    value = None if column is None else row.get(column)
    return None if isinstance(value, Unchanged) else value


def fields_of(row: Row, columns: Map[FieldName, str], words: Map[str, str], before: Fields | None) -> Fields:
    """Return the fields that a row carries. A value that the server did not send again is the one from before."""
    found = Fields()
    for field, column in columns.items():
        value = row.get(column)
        if isinstance(value, Unchanged):
            setattr(found, field, UNSET if before is None else getattr(before, field))
        else:
            setattr(found, field, _field(field, value, words))
    return found


def _field(field: FieldName, value: str | None, words: Map[str, str]) -> object:
    if value is None:
        return UNSET
    if field in {"title", "name"}:
        return cut(value)
    if field in {"status", "priority"}:
        return words.get(value, value)[:MAX_WORD_CHARS] or UNSET
    if field == "archived":
        return value in {"t", "true", "1"}
    if field == "progress_percentage":
        return _percentage(value)
    return bounded(value) if field == "parent_id" else [bounded(name) for name in list_of(value)]


def _percentage(value: str) -> float | UnsetType:
    try:
        number = float(value)
    except ValueError:
        return UNSET
    return min(100.0, max(0.0, number)) if number == number else UNSET  # noqa: PLR0124  because NaN is the only one that differs


def list_of(value: str) -> list[str]:
    """Return the texts of a JSON list, of an array of PostgreSQL's, or of one lone text."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = [part.strip('"') for part in value[1:-1].split(",")] if value[:1] == "{" and value[-1:] == "}" else [value]
    return texts(found if isinstance(found, list) else [found], MAX_LIST)
