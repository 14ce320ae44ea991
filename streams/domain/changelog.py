"""Rows as records of `task-state`."""

from collections.abc import Mapping
from typing import Final

from schemas.rows import OffsetRow, encode_row
from schemas.topics import offset_key
from streams.domain.node import KINDS, Node, encode_node
from streams.domain.records import Out

_ANCESTORS_FIRST: Final = ("project", "branch", "task", "subtask", "context", "member", "activity", "letter")


def state_records(touched: Mapping[bytes, Node], offset_row: OffsetRow) -> list[Out]:
    """Return the rows as records, ancestors first, the `offset` row last."""
    by_kind: dict[str, list[Out]] = {kind: [] for kind in _ANCESTORS_FIRST}
    for key, node in touched.items():
        by_kind[KINDS[key[:2]]].append(Out(key, encode_node(node)))
    state = [out for kind in _ANCESTORS_FIRST for out in by_kind[kind]]
    state.append(Out(offset_key(offset_row.partition), encode_row(offset_row)))
    return state
