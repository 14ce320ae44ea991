"""Work that is begun again."""

import asyncio

import pytest

from connectors import attempts
from connectors.attempts import Attempts
from schemas.failure import Failure, UsageFailure


async def fails(attempts_: Attempts, failures: list[Failure], *, begins: bool) -> None:
    """Run work that fails in turn, and is cancelled when there is no failure left."""

    async def once() -> None:
        attempts_.began = attempts_.began or begins
        if not failures:
            raise asyncio.CancelledError
        raise failures.pop(0)

    await attempts_.run(once)


async def test_trouble_before_it_began_is_the_callers() -> None:
    """A wrong address is a mistake to mend, not to wait for; so is wrong usage at any time."""
    told: list[str] = []
    with pytest.raises(Failure, match="no"):
        await fails(Attempts(told.append), [Failure("no.")], begins=False)
    with pytest.raises(UsageFailure, match="never"):
        await fails(Attempts(told.append), [UsageFailure("never.")], begins=True)
    assert told == []


async def test_later_trouble_is_told_and_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer and longer, up to the last pause; after it went well, from the first again."""
    monkeypatch.setattr(attempts, "PAUSES_S", (0.001, 0.002))
    told: list[str] = []
    work = Attempts(told.append)
    with pytest.raises(asyncio.CancelledError):
        await fails(work, [Failure("a."), Failure("b."), Failure("c.")], begins=True)
    work.went_well()
    with pytest.raises(asyncio.CancelledError):
        await fails(work, [Failure("d.")], begins=True)
    assert told == [
        "a. Trying again in 0.001 s.",
        "b. Trying again in 0.002 s.",
        "c. Trying again in 0.002 s.",
        "d. Trying again in 0.001 s.",
    ]
