"""What the recount reads from headers."""

from audit.fold import Fold
from audit.intake import Record
from audit.letters import Closing, closing
from audit.tally import Expected
from schemas.rows import LetterRow, ProjectSummary


def headers(action: bytes, offset: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return the two headers."""
    return ("dlq-action", action), ("dlq-offset", offset)


def test_both_headers_are_needed() -> None:
    """Anything else is an ordinary record."""
    assert closing(Record(5, 0, b"p", b"", headers(b"replay", b"3"))) == Closing(3, replay=True)
    assert closing(Record(5, 0, b"p", b"", headers(b"drop", b"3"))) == Closing(3, replay=False)
    assert closing(Record(5, 0, b"p", b"", headers(b"drop", b"x"))) is None
    assert closing(Record(5, 0, b"p", b"", headers(b"drop", b"9" * 5000))) is None
    assert closing(Record(5, 0, b"p", b"", headers(b"?", b"3"))) is None


def test_a_project_counts_its_open_letters() -> None:
    """Each is closed once, whatever is sent twice."""
    fold = Fold()
    project = b'{"id":"e","entity":"project","action":"create","project_id":"p","entity_id":"p","occurred_at":"2026-01-01","source":"user"}'
    records = [(project, ()), (b"{", ()), (b"{", ()), (b"", headers(b"drop", b"1")), (b"", headers(b"drop", b"1"))]
    for offset, (value, more) in enumerate(records):
        fold.take(Record(offset, 0, b"p", value, more))
    rows = Expected(fold).rows
    row = rows["project", "p", "p"]

    assert isinstance(row, ProjectSummary)
    assert (row.degraded, row.stamp) == (1, 3)
    assert isinstance(rows["letter", "p", "2"], LetterRow)
    assert fold.outcomes == {"applied": 1, "poison": 2, "dropped": 2}
