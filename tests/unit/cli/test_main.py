"""The command line imports what it names."""

from typing import Any

import pytest
from typer.main import get_command

from cli.main import COMMANDS, named, program


@pytest.mark.parametrize(
    ("arguments", "names"),
    [(["token", "--all"], ["token"]), (["topics", "plan"], ["topics"]), ([], COMMANDS), (["--help"], COMMANDS), (["nothing"], COMMANDS)],
)
def test_a_command_line_names_one_command_or_all(arguments: list[str], names: list[str]) -> None:
    """All are needed to say which there are."""
    assert list(named(arguments)) == list(names)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_keeps_its_name(name: str) -> None:
    """Also when it is the only one."""
    command: Any = get_command(program([name]))
    assert list(command.commands) == [name]


def test_help_flows_within_its_paragraphs() -> None:
    """Lines of the source are no lines of the terminal."""
    group: Any = get_command(program())
    commands = group.commands
    every = [*commands.values(), *(one for group in commands.values() for one in getattr(group, "commands", {}).values())]
    assert [one.name for one in every if "\n" in (one.help or "").replace("\n\n", "")] == []
    assert "\n\n" in commands["edge"].help
