"""The Arrow types of the columns that `schemas.tables` names. Apart from them, because only who writes tables needs the library."""

from typing import Final

import pyarrow as pa

TYPES: Final = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("ms", tz="UTC"),
    "counts": pa.map_(pa.string(), pa.int64()),
    "list": pa.list_(pa.string()),
    "json": pa.string(),
}
