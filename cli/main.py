"""The command `anabranch`: registers the commands and turns failures into one sentence."""

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any, Final

import typer

from schemas.failure import Failure

COMMANDS: Final = {
    "up": "up:up",
    "kafka": "kafka:kafka",
    "worker": "worker:worker",
    "edge": "edge:edge",
    "topics": "topics:app",
    "dlq": "dlq:app",
    "import": "import_:app",
    "watch": "watch:app",
    "webhook": "webhook:webhook",
    "publish": "publish:publish",
    "validate": "validate:validate",
    "tail": "tail:tail",
    "token": "token:token",
    "revoke": "revoke:revoke",
    "receipt": "receipt:receipt",
    "replay": "replay:replay",
    "verify": "verify:verify",
    "sql": "sql:sql",
    "views": "views:app",
    "burndown": "burndown:burndown",
    "mcp": "mcp:mcp",
    "status": "operate.status:status",
    "doctor": "operate.doctor:doctor",
    "backup": "keep.backup:backup",
    "restore": "keep.backup:restore",
    "erase": "keep.erase:erase",
    "bench": "bench:bench",
}
"""Name -> module of this package and what it has there. Most of a command's start is its imports: only the one that runs is imported."""


def program(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the program with these commands."""
    app = typer.Typer(
        name="anabranch",
        help="Exact, live branch and project summaries for a task platform changed by people and AI agents.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_group)
    for name in names:
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(import_module(f"cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            for command in found.registered_commands:
                command.help = _flowing(command.callback)
            app.add_typer(found, name=name)
        else:
            app.command(name, help=_flowing(found))(found)
    return app


def _flowing(command: Callable[..., Any] | None) -> str | None:
    """Return the help of a command without the line breaks within its paragraphs: the terminal says how wide they are."""
    text = inspect.getdoc(command)
    return text and "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _group() -> None:
    """Keep the name of a command that stands alone."""


def named(arguments: Sequence[str]) -> Iterable[str]:
    """Return the command that a command line names, or all, for what says which there are."""
    return arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS


def run() -> None:
    """Run the command line. Exit codes: 0 well, 1 trouble at run time or a difference found, 2 wrong usage."""
    try:
        program(named(sys.argv[1:]))()
    except Failure as failure:
        _tell(str(failure))
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _tell(f"The system refused: {error.strerror or error}{f' ({error.filename})' if error.filename else ''}.")
        sys.exit(1)


def _tell(sentence: str) -> None:
    if "--json" in sys.argv:
        sys.stderr.write(json.dumps({"error": sentence}) + "\n")
    else:
        sys.stderr.write(f"anabranch: {sentence}\n")


if __name__ == "__main__":
    run()
