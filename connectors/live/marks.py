"""What a follower keeps between its runs: the last content that Kafka has, and the highest number that it used."""

import hashlib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from broker.files import write_whole
from schemas.failure import Failure

_NAME_CHARS: Final = 60


class Mark(Struct, frozen=True):
    """number: no version above it was sent. ends: partition -> end of `task-changes` after the last acknowledgement."""

    number: int = 0
    ends: dict[int, int] = {}


class Marks:
    """The marks of one file and project, in the data directory. Raises `Failure` when they cannot be read or written."""

    def __init__(self, data: Path, name: str, file: Path) -> None:
        digest = hashlib.sha256(str(file).encode()).hexdigest()[:12]
        self._mark = data / "watch" / f"{name[:_NAME_CHARS]}-{digest}.json"
        self._content = self._mark.with_suffix(".last")

    def mark(self) -> Mark:
        """Return the mark; an empty one when there is none."""
        try:
            return msgspec.json.decode(self._mark.read_bytes(), type=Mark)
        except FileNotFoundError:
            return Mark()
        except (OSError, msgspec.MsgspecError) as error:
            raise self._broken(error) from None

    def content(self) -> bytes | None:
        """Return the last content that was sent and acknowledged, None when there is none."""
        try:
            return self._content.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._broken(error) from None

    def keep(self, mark: Mark, content: bytes | None = None) -> None:
        """Write the mark, and the content when there is a new one; the content first, since a mark alone promises nothing."""
        try:
            if content is not None:
                write_whole(self._content, content)
            write_whole(self._mark, msgspec.json.encode(mark))
        except OSError as error:
            raise self._broken(error) from None

    def forget(self) -> None:
        """Remove what was kept: the log is another one."""
        for path in (self._content, self._mark):
            path.unlink(missing_ok=True)

    def _broken(self, error: Exception) -> Failure:
        return Failure(f"The watcher's marks {self._mark} cannot be used ({error}): mend the file, or delete it to state the project anew.")
