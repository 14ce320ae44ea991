"""What a benchmark is asked on its command line: --json, --quick, and how much of everything, with tiny sizes for --quick."""

import argparse
from typing import Any


def asked(parser: argparse.ArgumentParser | None = None, **sizes: tuple[Any, Any]) -> argparse.Namespace:
    """Return the options. sizes: by name (usual, tiny), each an option of its own; with --quick all are tiny.

    parser: has the options that --quick leaves alone, or whose meaning needs a word.
    """
    parser = parser or argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    for name, (usual, _) in sizes.items():
        several = isinstance(usual, list)
        kind = type(usual[0] if several else usual)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, nargs="+" if several else None, default=usual)
    options = parser.parse_args()
    if options.quick:
        vars(options).update({name: tiny for name, (_, tiny) in sizes.items()})
    return options
