"""A backup on disk is read as it was written, or refused."""

from pathlib import Path

import pytest

from archive.folder import Folder, Manifest
from archive.record import Saved
from schemas.failure import Failure, UsageFailure

RECORDS = [Saved(0, 5, b"k", b"v", (("h", b"\x00"),)), Saved(3, 6, None, None)]


def test_records_come_back(tmp_path: Path) -> None:
    """In order of their offsets, over all files; nobody else may read them."""
    folder = Folder(tmp_path / "b")
    late, early = folder.write(1, 4, 9, [Saved(4, 7, b"", b"x")]), folder.write(1, 0, 4, RECORDS)
    manifest = Manifest("t", [0, 9], [late, early, folder.write(0, 0, 1, [])], complete=True)
    folder.save(manifest)
    assert folder.complete() == manifest
    assert list(folder.read(manifest, 1)) == [*RECORDS, Saved(4, 7, b"", b"x")]
    assert folder.last(manifest, 1) == Saved(4, 7, b"", b"x")
    assert folder.last(manifest, 0) is None
    assert (manifest.saved_end(1), manifest.saved_end(7)) == (9, 0)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "b").iterdir()} == {0}


def test_what_is_not_whole_is_refused(tmp_path: Path) -> None:
    """No backup, one that is not complete, one of another format, a damaged file, a damaged manifest."""
    folder = Folder(tmp_path)
    with pytest.raises(UsageFailure, match="There is no backup"):
        folder.complete()
    segment = folder.write(0, 0, 4, RECORDS)
    folder.save(Manifest("t", [4], [segment]))
    with pytest.raises(Failure, match="is not complete"):
        folder.complete()
    folder.check(segment)
    (tmp_path / segment.file).write_bytes(b"")
    with pytest.raises(Failure, match="missing or damaged"):
        folder.check(segment)
    folder.save(Manifest("t", [4], [segment], format=99))
    with pytest.raises(Failure, match="format 99"):
        folder.load()
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(Failure, match="cannot be read"):
        folder.load()
