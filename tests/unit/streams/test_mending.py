"""Gaps are looked into one after the other, and a settling owner waits for them."""

import asyncio
from collections.abc import Mapping

from streams.domain.sole_writer import Gap
from streams.mending import Left, Mender


async def test_each_gap_is_read_and_told_once() -> None:
    """In order, with what it holds; batches that touch are no gap."""
    told: list[tuple[Gap, Mapping[bytes, bytes]]] = []

    async def read(partition: int, begin: int, end: int) -> dict[bytes, bytes]:
        return {b"%d" % partition: b"%d-%d" % (begin, end)}

    def rewrite(gap: Gap, found: Mapping[bytes, bytes]) -> Left:
        told.append((gap, found))
        return Left(gap.begin > 15, reach=0)

    mender = Mender(7, 10, read, rewrite)
    running = asyncio.create_task(mender.run())
    mender.acknowledged([(10, 5), (16, 2)])
    mender.acknowledged([(18, 1), (20, 1)])
    await mender.caught_up()
    running.cancel()
    await asyncio.wait([running])

    assert told == [(Gap(15, 16), {b"7": b"15-16"}), (Gap(19, 20), {b"7": b"19-20"})]
    assert mender.known(30, 1) == 18  # the second gap is mended only when what was sent for it is acknowledged
    mender.closed(Gap(19, 20))
    assert mender.known(30, 1) == 30


async def test_a_gap_that_tells_of_more_is_known_when_we_have_come_there() -> None:
    """Until then our store lacks what it holds: whoever restores from it must read the gap again."""

    async def read(*_: int) -> dict[bytes, bytes]:
        return {}

    mender = Mender(7, 10, read, lambda gap, _: Left(gap.begin == 10, reach=40))
    running = asyncio.create_task(mender.run())
    mender.acknowledged([(12, 3), (16, 2)])
    await mender.caught_up()
    running.cancel()
    await asyncio.wait([running])

    assert mender.known(30, 39) == 9
    assert mender.known(30, 40) == 9
    mender.closed(Gap(10, 12))
    assert mender.known(30, 40) == 30
