"""Looking at one file as it changes: whatever happens to it, what is given is content that lay still. Shell around watchfiles.

Notices only wake us up; the file's own state decides. So a notice that is lost (a network drive, a folder that was renamed away) costs
at most `poll_s`, and one too many costs a stat.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct
from watchfiles import awatch

Signature = tuple[int, int, int]
Complete = Callable[[bytes, bytes], bool]
"""(content, content before) -> whether a writer may well be done with it."""

PATIENCE_S: Final = 2.0
_DEBOUNCE_MS: Final = 200
_STEP_MS: Final = 20
_MS: Final = 1000


class Timing(Struct, frozen=True):
    """settle_s: a file must lie still so long. patience_s: so long when it is gone or looks half written. poll_s: longest sleep."""

    settle_s: float = 0.2
    patience_s: float = PATIENCE_S
    poll_s: float = 1.0


class Sight(Struct, frozen=True):
    """What lies there. content None: no file. changed_ms: time of its last change, 0 without a file."""

    content: bytes | None
    changed_ms: int
    signature: Signature | None


async def looks(file: Path, complete: Complete, timing: Timing) -> AsyncIterator[Sight]:
    """Yield what the file is now, then each state that it comes to rest in. Raises `OSError` when it may not be read."""
    seen: Signature | None = (-1, -1, -1)
    before = b""
    wakes = _wakes(file, timing)
    try:
        while True:
            if signature(file) == seen:
                await anext(wakes)
                continue
            sight = await _at_rest(file, before, complete, timing)
            seen, before = sight.signature, sight.content or b""
            yield sight
    finally:
        await wakes.aclose()


def signature(file: Path) -> Signature | None:
    """Return what is different after every write, None without a file."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


async def _at_rest(file: Path, before: bytes, complete: Complete, timing: Timing) -> Sight:
    """Return the file once it lay still, longer when it is gone or looks half written."""
    loop = asyncio.get_running_loop()
    since, last = loop.time(), signature(file)
    while True:
        await asyncio.sleep(timing.settle_s)
        now = signature(file)
        if now != last:
            since, last = loop.time(), now
            continue
        sight = await asyncio.to_thread(_read, file)
        if sight.signature != now:
            continue
        if loop.time() - since >= timing.patience_s or (sight.content is not None and complete(sight.content, before)):
            return sight


def _read(file: Path) -> Sight:
    found = signature(file)
    try:
        content = None if found is None else file.read_bytes()
    except FileNotFoundError:
        return Sight(None, 0, None)
    if signature(file) != found:
        return Sight(None, 0, (-1, -1, -1))
    return Sight(content, 0 if found is None else found[0] // 1_000_000, found)


async def _wakes(file: Path, timing: Timing) -> AsyncGenerator[None]:
    """Yield whenever something may have happened, at least every `poll_s`. The folders may come and go."""
    while True:
        folders = _folders(file)
        with suppress(FileNotFoundError):
            async for _ in awatch(
                *folders,
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                rust_timeout=int(timing.poll_s * _MS),
                yield_on_timeout=True,
                recursive=False,
            ):
                yield
                if _folders(file) != folders:
                    break
        await asyncio.sleep(0)


def _folders(file: Path) -> list[Path]:
    """Return the nearest folder that exists, and the one above: in the first the file changes, in the second the first may."""
    nearest = next(folder for folder in file.parents if folder.is_dir())
    return list(dict.fromkeys((nearest, nearest.parent)))
