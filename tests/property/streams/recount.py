"""The independent recount beside the fold."""

from collections.abc import Iterable

from audit.fold import Fold
from audit.intake import Record as AuditRecord
from audit.tally import Expected
from schemas.rows import encode_row
from schemas.topics import split_key
from streams.domain.node import public_bytes
from streams.domain.records import Record
from tests.property.streams.world import Store


def recounted(log: Iterable[Record]) -> Expected:
    """Return what the recount says of a log."""
    fold = Fold()
    for record in log:
        fold.take(AuditRecord(record.offset, record.timestamp_ms, record.key, record.value, record.headers))
    return Expected(fold)


def disagreement(log: Iterable[Record], store: Store) -> str:
    """Return where rows and recount part, tombstones included, or ""."""
    expected = recounted(log)
    keys = [key for key in store.values if not key.startswith(b"offset/")]
    ours = {split_key(key): public_bytes(node) for key in keys if (node := store.get(key)) is not None}
    theirs = {key: encode_row(row) for key, row in expected.rows.items()}
    wrong = sorted(key for key in (ours.keys() | theirs.keys()) - expected.optional if ours.get(key) != theirs.get(key))
    return f"the recount has other rows: {wrong}" if wrong else ""
