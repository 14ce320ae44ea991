"""Every type that a column may have is one in Arrow."""

from typing import get_args

from schemas.arrow import TYPES
from schemas.tables import TABLES, Type


def test_every_type_of_a_column_is_known() -> None:
    """No more and no less."""
    assert set(TYPES) == set(get_args(Type))
    assert {column.type for table in TABLES for column in table.columns} <= set(TYPES)
