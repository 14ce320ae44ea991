"""The choices that analysts have, apart from the heavy libraries behind them."""

from typing import Literal

By = Literal["hour", "day"]
Format = Literal["parquet", "csv", "duckdb"]
