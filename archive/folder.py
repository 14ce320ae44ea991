"""A backup on disk: Parquet files of records, and `manifest.json`, which says what is there and is written last."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from archive.record import Saved
from broker.files import replacing, write_whole
from schemas.failure import Failure, UsageFailure

FORMAT: Final = 1
_NAME: Final = "manifest.json"
_HEADER: Final = pa.struct([pa.field("name", pa.string()), pa.field("value", pa.binary())])
_SCHEMA: Final = pa.schema(
    [
        pa.field("offset", pa.int64()),
        pa.field("timestamp_ms", pa.int64()),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("headers", pa.list_(_HEADER)),
    ]
)


class Segment(Struct):
    """One file: the records of a partition from `begin` up to `end` (exclusive)."""

    partition: int
    begin: int
    end: int
    records: int
    file: str
    sha256: str


class Manifest(Struct):
    """What a backup holds. ends: of the cut, by partition. alias: in whose place a person was erased.

    complete: all of the cut is there. moved: keys were changed, so records belong to other partitions.
    """

    topic: str
    ends: list[int]
    segments: list[Segment]
    complete: bool = False
    alias: str = ""
    moved: bool = False
    format: int = FORMAT

    def saved_end(self, partition: int) -> int:
        """Return up to where a partition is saved."""
        return max((one.end for one in self.segments if one.partition == partition), default=0)


class Folder:
    """The directory of one backup."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Manifest | None:
        """Return the manifest, None where there is no backup. Raises `Failure` on one that cannot be read."""
        try:
            manifest = msgspec.json.decode((self.path / _NAME).read_bytes(), type=Manifest)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError):
            raise Failure(f"{self.path / _NAME} cannot be read: take another backup, or name another directory.") from None
        if manifest.format != FORMAT:
            raise Failure(f"{self.path} has format {manifest.format}, this program reads {FORMAT}: use the version that wrote it.")
        return manifest

    def complete(self) -> Manifest:
        """Return the manifest of a complete backup. Raises `Failure`."""
        manifest = self.load()
        if manifest is None:
            raise UsageFailure(f"There is no backup in {self.path}: make one with `anabranch backup {self.path}`.")
        if not manifest.complete:
            raise Failure(f"The backup in {self.path} is not complete: call `anabranch backup {self.path}` again, it goes on.")
        return manifest

    def save(self, manifest: Manifest) -> None:
        """Write the manifest in one step."""
        write_whole(self.path / _NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n", 0o600)

    def write(self, partition: int, begin: int, end: int, records: Sequence[Saved]) -> Segment:
        """Write a file of records; it is there whole or not at all."""
        name = f"{partition:05}-{begin:020}.parquet"
        columns: list[Any] = list(zip(*records, strict=True)) if records else [[] for _ in Saved._fields]
        headers = [[{"name": key, "value": value} for key, value in row] for row in columns[4]]
        arrays = [pa.array(column, field.type) for column, field in zip([*columns[:4], headers], _SCHEMA, strict=True)]
        with replacing(self.path / name, 0o600) as path:
            pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), path, compression="zstd")
            digest = _sha256(path)
        return Segment(partition, begin, end, len(records), name, digest)

    def check(self, segment: Segment) -> None:
        """Raise `Failure` unless the file is what was written."""
        path = self.path / segment.file
        if not path.is_file() or _sha256(path) != segment.sha256:
            raise Failure(f"{path} is missing or damaged: the backup cannot be used. Take another.")

    def read(self, manifest: Manifest, partition: int) -> Iterator[Saved]:
        """Yield the records of a partition in order."""
        for segment in _in_order(manifest, partition):
            yield from self._records(segment)

    def last(self, manifest: Manifest, partition: int) -> Saved | None:
        """Return the last record of a partition."""
        filled = [segment for segment in _in_order(manifest, partition) if segment.records]
        return self._records(filled[-1])[-1] if filled else None

    def _records(self, segment: Segment) -> list[Saved]:
        rows = pq.read_table(self.path / segment.file).to_pylist()
        return [
            Saved(
                row["offset"], row["timestamp_ms"], row["key"], row["value"], tuple((one["name"], one["value"]) for one in row["headers"])
            )
            for row in rows
        ]


def _in_order(manifest: Manifest, partition: int) -> list[Segment]:
    return sorted((one for one in manifest.segments if one.partition == partition), key=lambda one: one.begin)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
