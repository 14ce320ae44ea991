"""Files that another process may read at any moment: written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Give a path to write to; it takes the file's place in one step when the block ends well. Makes the directory. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.fchmod(handle, mode)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Replace the file in one step, so that a reader sees the old or the new content. Makes the directory. Raises `OSError`."""
    with replacing(path, mode) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
