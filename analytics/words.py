"""A choice that analysts have, apart from the heavy libraries behind it."""

from typing import Literal

Format = Literal["parquet", "csv", "duckdb"]
