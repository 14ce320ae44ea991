"""A replica that parts from its rows is found, mended once, and what cannot be mended is said once."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zlib import crc32

from aiokafka.errors import KafkaConnectionError

from api.drift import DriftWatch, Ways
from api.meters import Meters
from api.protocol.access import Standing
from api.protocol.hub import Hub, Place
from api.protocol.limits import Limits
from api.protocol.roll import Roll
from api.replica import Replica, read


def filled(status: str = "todo", said: str = "todo") -> Replica:
    """Return a replica with one task, and tallies that say something about it."""
    replica = Replica()
    tally = {"stamp": 3, "total_tasks": 1, "digest": crc32(f"t|{said}|low|3".encode())}
    rows = {
        "project": tally | {"id": "p", "total_branches": 1},
        "branch": tally | {"id": "b"},
        "task": {"id": "t", "branch_id": "b", "status": status, "priority": "low", "stamp": 3},
    }
    for kind, row in rows.items():
        replica.put(kind, "p", read(json.dumps(row).encode()))
    return replica


class Stand:
    """A watch over a replica. right: what `task-state` has; away: how often Kafka does not answer before it does."""

    def __init__(self, replica: Replica, right: Replica, away: int = 0) -> None:
        self.meters = Meters()
        self.hub = Hub(replica, lambda _project: 0, Limits())
        self.hub.begin(0, Place("e", through=5))
        self.told: list[str] = []
        self.roll = Roll()
        self.asked = 0
        self._right = right
        self._away = away
        self.regarded: list[tuple[str, str]] = []
        ways = Ways(self._reread, self.told.append, lambda *user: self.regarded.append(user), self.roll)
        self.watch = DriftWatch(replica, self.hub, ways, self.meters, 0.01)

    async def _reread(self, _project_id: str) -> tuple[Replica, int]:
        self.asked += 1
        if self.asked <= self._away:
            raise KafkaConnectionError
        return self._right, 5

    def counted(self) -> tuple[float | None, float | None]:
        """Return how many drifts were found and rows mended."""
        get = self.meters.registry.get_sample_value
        return get("edge_drifts_total"), get("edge_mended_rows_total")


@asynccontextmanager
async def watched(stand: Stand) -> AsyncIterator[None]:
    """Let it watch."""
    ready = asyncio.Event()
    task = asyncio.create_task(stand.watch.run(ready))
    await asyncio.sleep(0.05)
    assert stand.asked == 0
    ready.set()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _until_asked(stand: Stand, times: int) -> None:
    async with asyncio.timeout(20):
        while stand.asked < times:  # noqa: ASYNC110  because nobody tells
            await asyncio.sleep(0.01)


async def test_a_drift_is_mended_and_told() -> None:
    """Before the edge is ready nothing is looked at; a broker that is away is asked again."""
    replica = filled(status="done")
    stand = Stand(replica, filled(), away=1)
    async with watched(stand):
        await _until_asked(stand, 2)
        await asyncio.sleep(0.3)
    assert (stand.told, stand.asked, stand.counted()) == (["p"], 2, (2, 1))
    assert b'"status": "todo"' in replica.standing_rows("p")[2][0]


async def test_a_project_that_is_gone_as_a_whole_is_read_again() -> None:
    """Nothing of it is there that could fail to add up; its name is. One that is not even in `task-state` is asked for once."""
    replica = Replica()
    stand = Stand(replica, filled())
    stand.roll.note("p", 3, live=True)
    stand.roll.note("never", 3, live=True)
    async with watched(stand):
        await _until_asked(stand, 2)
        await asyncio.sleep(0.6)
    assert (stand.told, stand.asked, stand.counted()) == (["p"], 2, (2, 3))
    assert replica.live("p")


async def test_a_member_who_is_gone_is_read_again() -> None:
    """No digest is over members; their names are kept. Rights are looked at again, and who reads needs no snapshot for it."""
    replica, right = filled(), filled()
    right.put_member("p", b'{"id":"u","user_id":"u","role":"owner","stamp":2}')
    stand = Stand(replica, right)
    stand.roll.note_member("p", "u", 2)
    async with watched(stand):
        await _until_asked(stand, 1)
        await asyncio.sleep(0.3)
    assert (stand.told, stand.regarded, stand.asked, stand.counted()) == ([], [("p", "u")], 1, (1, 1))
    assert replica.standing("p", "u") is Standing.OWNER


async def test_a_project_that_is_lost_has_its_members_again() -> None:
    """Not only its rows: whoever may see it is known again."""
    right = filled()
    right.put_member("p", b'{"id":"u","user_id":"u","role":"owner","stamp":2}')
    replica = Replica()
    stand = Stand(replica, right)
    stand.roll.note("p", 3, live=True)
    async with watched(stand):
        await _until_asked(stand, 1)
        await asyncio.sleep(0.3)
    assert (stand.told, stand.regarded, stand.counted()) == (["p"], [("p", "u")], (1, 4))
    assert replica.standing("p", "u") is Standing.OWNER


async def test_what_task_state_says_itself_is_asked_for_once() -> None:
    """Reading it again and again would not help; a row that moved is another matter."""
    stand = Stand(filled(said="done"), filled(said="done"))
    async with watched(stand):
        await _until_asked(stand, 1)
        await asyncio.sleep(0.6)
    assert (stand.told, stand.asked, stand.counted()) == ([], 1, (1, 0))


async def test_half_a_group_of_parts_is_no_drift() -> None:
    """Its rows come one part after the other."""
    stand = Stand(filled(status="done"), filled())
    stand.hub.hold("p", 1)
    async with watched(stand):
        await asyncio.sleep(0.5)
        assert stand.asked == 0
        stand.hub.release("p")
        await _until_asked(stand, 1)


async def test_a_message_ahead_of_its_tasks_is_no_drift() -> None:
    """Totals with changes of agents come before the window that shows their tasks; `task-state` brings both together."""
    stand = Stand(filled(status="done"), filled())
    stand.hub.places[0].through = 3
    async with watched(stand):
        await asyncio.sleep(0.5)
        assert stand.asked == 0
        stand.hub.places[0].through = 4
        await _until_asked(stand, 1)
