"""Snapshots of the rows of one partition, one Feather file each, named by the offset that they stand at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import feather

from broker.files import replacing

_SUFFIX: Final = ".feather"
_SCHEMA: Final = pa.schema([pa.field("key", pa.binary()), pa.field("value", pa.binary())])


class Shelf:
    """The snapshots in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def newest(self, end: int) -> tuple[int, dict[bytes, bytes]]:
        """Return the newest snapshot that is not past `end` as (offset, rows); (0, no rows) without one. A damaged one is passed over."""
        for offset in sorted((one for one in self.offsets() if one <= end), reverse=True):
            try:
                table = feather.read_table(self._path(offset))
            except (OSError, pa.ArrowInvalid):
                continue
            return offset, dict(zip(table["key"].to_pylist(), table["value"].to_pylist(), strict=True))
        return 0, {}

    def offsets(self) -> list[int]:
        """Return at which offsets snapshots stand."""
        found = self._directory.glob(f"*{_SUFFIX}")
        return [int(path.stem) for path in found if path.stem.isdecimal()]

    def keep(self, offset: int, rows: Mapping[bytes, bytes]) -> None:
        """Keep a snapshot; one that is half written is never seen."""
        self._directory.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_arrays([pa.array(rows.keys(), pa.binary()), pa.array(rows.values(), pa.binary())], schema=_SCHEMA)
        with replacing(self._path(offset)) as path:
            feather.write_feather(table, path, compression="zstd")

    def _path(self, offset: int) -> Path:
        return self._directory / f"{offset}{_SUFFIX}"
