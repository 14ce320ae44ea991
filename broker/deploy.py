"""Files of `deploy/kafka`, which are code: they are read from the place where this package was installed with them."""

from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent / "deploy" / "kafka"


def deploy_file(name: str) -> Path:
    """Return the path of a file below `deploy/kafka`."""
    return _ROOT / name
