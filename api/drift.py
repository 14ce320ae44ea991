"""Goes round the replica's projects: where rows do not add up, it reads them again from `task-state` and tells the clients."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import structlog
from aiokafka.errors import KafkaError

from api.meters import Meters
from api.protocol.drift import adding_up
from api.protocol.hub import Hub
from api.protocol.roll import Roll
from api.replica import Replica
from api.reread import NotWholeError

log = structlog.get_logger()
_SLICE_PAUSE_S: Final = 0.05
_SECOND_LOOK_S: Final = 0.2
_NAMED: Final = 5
_NEVER_S: Final = 10.0**9


class Ways(NamedTuple):
    """reread: gives a project's rows as `task-state` has them, and up to where in `task-changes` they go. mended: tells the clients.

    regarded: looks again at what a user may do in a project. roll: which projects and members must be there.
    """

    reread: Callable[[str], Awaitable[tuple[Replica, int]]]
    mended: Callable[[str], None]
    regarded: Callable[[str, str], None]
    roll: Roll


class DriftWatch:
    """Looks at each project about every `every_s`, a few thousand tasks a second; 0 means never."""

    def __init__(self, replica: Replica, hub: Hub, ways: Ways, meters: Meters, every_s: float) -> None:
        self._replica = replica
        self._hub = hub
        self._ways = ways
        self._meters = meters
        self._every_s = every_s
        self._hopeless: dict[str, int] = {}

    async def run(self, ready: asyncio.Event) -> None:
        """Watch until cancelled. Before `ready` a compacted topic was read in part, and nothing need add up."""
        await ready.wait()
        while True:
            await asyncio.sleep(self._every_s or _NEVER_S)
            for project_id in {*self._replica.every_project(), *self._ways.roll.names()}:
                await self._visit(project_id)

    async def _visit(self, project_id: str) -> None:
        if not await self.wrong(project_id):
            self._hopeless.pop(project_id, None)
            return
        await asyncio.sleep(_SECOND_LOOK_S)
        wrong = await self.wrong(project_id)
        if wrong and self._hopeless.get(project_id) != self._replica.digest(project_id)[1]:
            await self._mend(project_id, wrong)

    async def wrong(self, project_id: str) -> list[str]:
        """Return what does not add up, from one moment at which it should."""
        if not self._is_settled(project_id):
            return []
        rows = self._replica.of(project_id)
        if self._ways.roll.misses(project_id, None if rows is None or rows.project is None else rows.project.stamp):
            return ["project"]
        if self._ways.roll.misses_members(project_id, self._replica.members.stamps(project_id)):
            return ["members"]
        looking = adding_up(*self._replica.standing_rows(project_id))
        while True:
            try:
                next(looking)
            except StopIteration as end:
                return list(end.value)
            await asyncio.sleep(_SLICE_PAUSE_S)

    def _is_settled(self, project_id: str) -> bool:
        """Tell whether the rows stand between two messages, and after a whole step.

        A message may bring a project's new totals before its tasks: those of agents come with the end of a window, and with `task-state`.
        """
        newest = self._replica.entry(project_id)
        return self._hub.is_whole(project_id) and (newest is None or newest.stamp < self._hub.place(project_id).through)

    async def _mend(self, project_id: str, wrong: list[str]) -> None:
        self._meters.drifts.inc()
        log.warning("replica_drifted", project=project_id, rows=wrong[:_NAMED])
        try:
            right, through = await self._ways.reread(project_id)
        except (KafkaError, TimeoutError, NotWholeError):
            return  # the next round finds it again
        changed = self._replica.mend(project_id, right, through)
        users = self._replica.members.mend(project_id, right.members, through)
        self._meters.mended.inc(changed + len(users))
        if changed:
            self._ways.mended(project_id)
        for user_id in sorted(users):
            self._ways.regarded(project_id, user_id)
        if changed or users:
            log.warning("replica_mended", project=project_id, rows=changed, members=len(users))
        else:
            self._hopeless[project_id] = self._replica.digest(project_id)[1]
            log.error("drift_remains", project=project_id, rows=wrong[:_NAMED], note="task-state says the same: run `anabranch verify`")
