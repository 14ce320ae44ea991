"""Work that is to go on for months: it is begun again after trouble, later and later, until it goes well."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from schemas.failure import Failure, UsageFailure

PAUSES_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)


class Attempts:
    """Counts failures in a row. began: from here on a failure is trouble that passes; before, it is the caller's."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.began = False
        self._tell = tell
        self._failures = 0

    def went_well(self) -> None:
        """Forget the failures so far."""
        self._failures = 0

    async def run(self, once: Callable[[], Awaitable[None]]) -> None:
        """Do the work again and again. Raises `UsageFailure` always, `Failure` only before it began."""
        while True:
            try:
                await once()
            except Failure as failure:
                if not self.began or isinstance(failure, UsageFailure):
                    raise
                pause_s = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
                self._failures += 1
                self._tell(f"{failure} Trying again in {pause_s:g} s.")
                await asyncio.sleep(pause_s)
