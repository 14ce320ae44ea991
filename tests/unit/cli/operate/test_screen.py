"""The screen of `anabranch status` says everything in words."""

from io import StringIO

import pytest
from rich.console import Console

from cli.operate.picture import SILENT, EdgeRow, PartitionRow, Picture
from cli.operate.screen import screen, size


def shown(found: Picture) -> str:
    """Return the screen as a terminal without colours prints it."""
    text = StringIO()
    Console(file=text, width=160, no_color=True).print(screen(found))
    return text.getvalue()


def test_all_that_is_known_is_on_the_screen() -> None:
    """A dash stands for what nobody could tell."""
    row = PartitionRow(3, "w1", "running", 12_345, 6, 1.4, None, 2, 5 * 1024 * 1024, "abcdef0123", ["w2"])
    bare = PartitionRow(4, None, "no owner", 0, 0, None, None, None, None, "", [])
    edge = EdgeRow("http://page", "http://e", "live", 7, {"3": 90}, 0, None)
    text = shown(Picture("k:1", 1, "anabranch", "Stable", 2, [row, bare], [edge], ["Partitions 4: no owner."]))
    for word in (
        "Kafka k:1, 1 broker ",
        "2 workers",
        "12,345",
        "5.0 MiB",
        "abcdef01 ",
        "w2",
        "no owner",
        "3:90",
        "! Partitions 4: no owner.",
    ):
        assert word in text
    assert "All is well." in shown(Picture("k:1", 3, "anabranch", "Stable", 1, [], [], []))


def test_an_owner_that_does_not_answer_is_not_well() -> None:
    """Nor is it wrong while no event waits: it may be out of reach from here."""
    row = PartitionRow(3, "host (does not answer)", SILENT, 9, 0, 0.0, 0.0, None, None, "", [])
    text = shown(Picture("k:1", 3, "anabranch", "Stable", 1, [row], [], []))
    assert "All is well." not in text
    assert "by --ask." in text


@pytest.mark.parametrize(("count", "text"), [(None, "-"), (0, "0 B"), (2048, "2.0 KiB"), (3 * 1024**3, "3.0 GiB")])
def test_sizes(count: int | None, text: str) -> None:
    """In the unit that people would choose."""
    assert size(count) == text
