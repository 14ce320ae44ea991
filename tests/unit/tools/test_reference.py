"""The reference pages say what the code says."""

from pathlib import Path

from pydantic import AliasChoices, BaseModel, Field

from tools.reference import LogEvent, log_events, settings_of, table

SOURCE = """
log.info("worker_ready", port=1)
log.warning("lost" if reason else "back", reason=reason)
log.bind(a=1)
print("no")
"""


class Inner(BaseModel):
    """Nested settings."""

    size: int = 3
    folder: Path = Path("x")


class Outer(BaseModel):
    """Settings."""

    inner: Inner = Inner()
    name: str
    flag: bool = Field(default=True, validation_alias=AliasChoices("flag", "FEATURE_FLAG"))


def test_a_bar_in_a_cell_is_escaped() -> None:
    """And line ends become spaces."""
    assert table(("a",), [("x | y\nz",)]) == "| a |\n| --- |\n| x \\| y z |\n"


def test_nested_settings_are_flat() -> None:
    """By their names in the environment."""
    assert list(settings_of(Outer, "P_")) == [
        ("`P_INNER__SIZE`", "`int`", "`3`"),
        ("`P_INNER__FOLDER`", "`Path`", "`x`"),
        ("`P_NAME`", "`str`", "required"),
        ("`FEATURE_FLAG`", "`bool`", "`True`"),
    ]


def test_log_events_are_found_in_the_source() -> None:
    """With level and fields; both names of a choice."""
    assert list(log_events(SOURCE, "m")) == [
        LogEvent("worker_ready", "info", "m", "`port`"),
        LogEvent("lost", "warning", "m", "`reason`"),
        LogEvent("back", "warning", "m", "`reason`"),
    ]
