"""What the import command understands and says."""

import pytest

from cli.import_ import SHOWN_LINES, lines_of, source_of, speed_of
from connectors.app import Report, Skipped
from schemas.failure import UsageFailure
from schemas.messages import Position


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("100x", 100.0), ("0.5x", 0.5), ("7", 7.0)])
def test_a_speed_is_a_factor_or_max(text: str, speed: float | None) -> None:
    """The `x` may be left out."""
    assert speed_of(text) == speed


@pytest.mark.parametrize("text", ["fast", "", "0x", "-1x", "1e3x"])
def test_other_speeds_are_refused(text: str) -> None:
    """The sentence says how to write one."""
    with pytest.raises(UsageFailure, match="100x"):
        speed_of(text)


def test_a_source_is_one_of_three() -> None:
    """The sentence lists them."""
    assert source_of("user") == "user"
    with pytest.raises(UsageFailure, match="mcp-ai, user, system"):
        source_of("me")


def test_a_report_lists_what_was_skipped_up_to_a_limit() -> None:
    """With commit and line."""
    skipped = [Skipped("c0ffee0123456789", number, "not an issue", "<<<<") for number in range(1, SHOWN_LINES + 4)]
    report = Report("beads", "p", "P", "/f", 2, {"create": 1200, "move": 1}, 1201, 3, skipped, [Position(1, 1201)], 0.5)
    text = "\n".join(lines_of(report))
    assert "Project P (p): 1,201 events from 2 versions of /f in 0.5 s." in text
    assert "1,200 create, 1 move" in text
    assert "partition 1, up to offset 1,201" in text
    assert "c0ffee012345 line 1: not an issue: <<<<" in text
    assert "and 3 more" in text
