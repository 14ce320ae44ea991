"""The numbers and switches of the fold. They come from the worker's settings; the domain only reads them."""

from typing import Final

from msgspec import Struct

from schemas.words import Source


class Rules(Struct, frozen=True):
    """window_ms: length of an AI window. quiet_ms: a project is quiet when agents' changes were last told so long ago.

    ai_batch: `FEATURE_AI_BATCH`; off sends every change at once. max_message_bytes: a longer bulk is split.
    tombstone_ms: log time after which a deleted row counts as never seen.
    """

    window_ms: int = 500
    quiet_ms: int = 1000
    ai_batch: bool = True
    max_message_bytes: int = 256 * 1024
    tombstone_ms: int = 7 * 24 * 3600 * 1000


AI: Final[Source] = "mcp-ai"
"""The source whose changes windows merge."""
REMEMBERED_IDS: Final = 8
REMEMBERED_PARENTS: Final = 4
REMEMBERED_ORIGINS: Final = 64
"""A row remembers the versions of so many origins: somebody who names each of his runs one must not make it too long to be written."""
MERGED_NAMES: Final = 64
"""A merged message names this many correlation ids and sessions; further sessions are counted under their source alone."""
SLICE_ROWS: Final = 256
"""A delete that takes more rows with it lets others have a turn after every so many."""
DEFAULT_BRANCH: Final = "main"
"""The branch of a task that names none."""
