"""What a person reads and gives."""

import pytest

from cli.postgres import address_of, sentence_of
from connectors.postgres.app import Note
from schemas.failure import UsageFailure


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (Note("snapshot", {"delete": 1, "create": 1200}, "1A"), "All rows as of 1A: 1,200 create, 1 delete."),
        (Note("imported", {}, "1A"), "All rows as of 1A: nothing."),
        (Note("imported", {"create": 2}, "1A", text="Much was left."), "All rows as of 1A: 2 create. Much was left."),
        (Note("changed", {"update": 3}), "3 update"),
        (Note("lag", text="Much."), "Much."),
    ],
)
def test_a_note_is_one_sentence(note: Note, sentence: str) -> None:
    """Short, since there may be many."""
    assert sentence_of(note) == sentence


def test_a_database_is_named_by_argument_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is asked for; a password is only taken from the environment."""
    for name in ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "ANABRANCH_POSTGRES_DSN"):
        monkeypatch.delenv(name, raising=False)
    assert repr(address_of("postgresql://u@db/shop")) == "db/shop"
    with pytest.raises(UsageFailure, match="Which database"):
        address_of(None)
    monkeypatch.setenv("PGHOST", "db")
    assert repr(address_of(None)) == "/"
    monkeypatch.setenv("ANABRANCH_POSTGRES_DSN", "postgresql://u:hidden@db/shop")
    assert repr(address_of(None)) == "db/shop"
