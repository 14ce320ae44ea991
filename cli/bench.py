"""`anabranch bench`: runs files of `benchmarks/` and keeps what they found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.options import Json
from schemas.failure import Failure, UsageFailure

_ROOT: Final = Path(__file__).resolve().parent.parent
_FOLDER: Final = _ROOT / "benchmarks"


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Which benchmarks; without one, the list.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Keep the figures in benchmarks/results and in README's table.")] = False,
    as_json: Json = False,
) -> None:
    """Run benchmarks beside their peers and print all runs, medians and ratios."""
    known = sorted(path.stem for path in _FOLDER.glob("[a-z]*.py"))
    chosen = known if everything else names or []
    if unknown := [name for name in chosen if name not in known]:
        raise UsageFailure(f"There is no benchmark {unknown[0]!r}: choose from {', '.join(known)}.")
    if not chosen:
        typer.echo(json.dumps(known) if as_json else "\n".join(known))
    for name in chosen:
        _run(name, as_json=as_json, save=save)


def _run(name: str, *, as_json: bool, save: bool) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", *(["--json"] if as_json or save else [])]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE if save else None, text=True, check=False)  # noqa: S603  because the name is one of our own files
    if done.returncode != 0:
        raise Failure(f"The benchmark {name} failed: see its messages above.")
    if save:
        target = _FOLDER / "results" / f"{name}.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(json.loads(done.stdout), indent=1) + "\n")
        subprocess.run([sys.executable, "-m", "benchmarks.harness.readme"], cwd=_ROOT, check=True)
        typer.echo(done.stdout if as_json else f"{name}: kept in {target.relative_to(_ROOT)}")
