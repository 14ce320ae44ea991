"""`anabranch bench`: runs one file of `benchmarks/`."""

import runpy
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.options import Json
from schemas.failure import UsageFailure

_FOLDER: Final = Path(__file__).resolve().parent.parent / "benchmarks"


def bench(
    name: Annotated[str | None, typer.Argument(help="Which benchmark; without it, the list.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Run a benchmark beside its peers and print all runs, medians and ratios."""
    known = sorted(path.stem for path in _FOLDER.glob("[a-z]*.py"))
    if name is None:
        typer.echo("\n".join(known))
        return
    if name not in known:
        raise UsageFailure(f"There is no benchmark {name!r}: choose one of {', '.join(known)}.")
    sys.argv = [name, *(["--json"] if as_json else [])]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
