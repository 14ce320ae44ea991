"""What a person reads while a file is followed."""

import pytest

from cli.watch import sentence_of, tell
from connectors.app import Skipped
from connectors.live.app import Note


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (Note("following", "p", "f"), "Following f as project p. Ctrl-C ends it."),
        (Note("waiting", "p", "f"), "There is no f yet; it is followed as soon as it is there."),
        (Note("gone", "p", "f"), "f is gone, and with it its tasks, as long as it stays away."),
        (Note("trouble", "p", "f", text="Kafka."), "Kafka."),
        (Note("changed", "p", "f", "file", {"create": 1200, "move": 1}), "1,200 create, 1 move"),
        (Note("changed", "p", "f", "c0ffee" * 7, {"update": 1}), "1 update (commit c0ffeec0ffee)"),
        (Note("changed", "p", "f", "file"), ""),
    ],
)
def test_a_note_is_one_sentence(note: Note, sentence: str) -> None:
    """Short, since there may be many."""
    assert sentence_of(note) == sentence


def test_what_cannot_be_read_goes_to_the_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """With its line."""
    tell(Note("changed", "p", "f", "file", {}, [Skipped("file", 3, "not an issue", "<<<<"), Skipped("file", 0, "no id", "{}")]))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "f: line 3: not an issue: <<<<\nf: no id: {}\n"
