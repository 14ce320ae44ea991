"""What an agent may do, in terms of one edge and one caller: the tools stand on this."""

from typing import Any, Final, NamedTuple

import msgspec

from api.decisions import Decisions
from api.edge import Edge
from api.now import fill, now_ms
from api.problems import Refusal
from api.protocol.access import Action, Principal, readable
from api.protocol.filters import TaskFilter, page_of
from api.protocol.news import news_of
from api.protocol.requests import ChangeRequest
from api.protocol.resume import Behind, Live, Replay
from api.protocol.writes import Write, write_of
from schemas.events import Fields
from schemas.frames import Since
from schemas.http import PlaceModel
from schemas.problems import BEHIND, INVALID_REQUEST, REJECTED, Problem
from schemas.words import PRIORITIES

AGENT: Final = "mcp-ai"
_CLAIMS: Final = 8
"""How many tasks a claim tries before it gives up: others claim at the same moment."""
_RANK: Final = {priority: rank for rank, priority in enumerate(reversed(PRIORITIES))}
Row = dict[str, Any]


class Asked(NamedTuple):
    """A wanted change of a task."""

    project_id: str
    task_id: str
    action: str
    fields: Fields
    branch_id: str | None = None
    if_stamp: int | None = None


class Door:
    """The edge for one agent. principal: may set a source. session: goes into every event, for receipts and the board."""

    def __init__(self, edge: Edge, principal: Principal, session: str) -> None:
        self._edge = edge
        self._principal = principal
        self._session = session

    async def projects(self, min_position: str | None) -> Row:
        """Return the caller's projects with their counts."""
        await self._reach(min_position)
        names = readable(self._principal, self._edge.replica)
        found = (self._edge.replica.project(name) for name in names)
        return {"projects": [_row(data) for data in found if data is not None]}

    async def project(self, project_id: str, min_position: str | None) -> Row:
        """Return a project's summary and those of its branches."""
        await self._reach(min_position)
        self._edge.readable(self._principal, project_id)
        rows = self._edge.replica.of(project_id)
        branches = [] if rows is None else [_row(entry.data) for entry in rows.branches.values() if not entry.deleted]
        own = None if rows is None or rows.project is None else _row(rows.project.data)
        return {"project": own, "branches": branches, "position": self._position(project_id), "since": self._since(project_id)}

    async def tasks(self, project_id: str, wanted: TaskFilter, after: str | None, limit: int, min_position: str | None) -> Row:
        """Return a page of tasks."""
        await self._reach(min_position)
        self._edge.readable(self._principal, project_id)
        rows = self._edge.replica.of(project_id)
        if rows is None:
            return {"tasks": [], "next": None, "position": self._position(project_id)}
        ids, following = page_of(rows.sorted_tasks(), rows.tasks, wanted, after, limit)
        tasks = [_row(rows.tasks[task_id].data) for task_id in ids]
        return {"tasks": tasks, "next": following, "position": self._position(project_id)}

    async def changes(self, project_id: str, since: str, max_tokens: int) -> Row:
        """Return what changed after a place, in few words. `reset` says that the place is too old: ask for the project."""
        self._edge.known(self._principal, project_id)
        epoch, _, sequence = since.rpartition(":")
        if not sequence.isdecimal():
            raise Refusal(Problem(INVALID_REQUEST, errors=("since: as `since` of an earlier answer",)))
        place = Since(epoch, int(sequence))
        decision = self._edge.hub.decide(project_id, place)
        if isinstance(decision, Behind):
            raise Refusal(Problem(BEHIND, retry_after_ms=1000))
        if not isinstance(decision, Replay | Live):
            return {"lines": [], "since": self._since(project_id), "more": False, "reset": True}
        ring = self._edge.hub.ring(project_id)
        frames = [frame for cursor in range(decision.cursor, ring.end) if (frame := ring.get(cursor)) is not None]
        news = news_of(((frame.sequence, frame.data) for frame in frames), place.sequence, max_tokens)
        return {"lines": news.lines, "since": f"{epoch}:{news.sequence}", "more": news.more, "reset": False}

    async def write(self, asked: Asked, needs: Action | None = None) -> Row:
        """Write a change of a task and wait for what the worker says. Raises `Refusal`: refused here or there, or no answer in time."""
        request = ChangeRequest(
            entity="task",
            action=asked.action,
            project_id=asked.project_id,
            entity_id=asked.task_id,
            branch_id=asked.branch_id,
            if_stamp=asked.if_stamp,
            source=AGENT,
            session_id=self._session,
            data=asked.fields,
        )
        write = write_of(request, self._principal, self._edge.replica, fill(), needs)
        if isinstance(write, Problem):
            raise Refusal(write)
        place = await self._append(write)
        await self._edge.reach([place])
        rows = self._edge.replica.of(asked.project_id)
        entry = None if rows is None else rows.tasks.get(asked.task_id)
        return {"task": None if entry is None else _row(entry.data), "position": f"{place.partition}:{place.offset}"}

    async def _append(self, write: Write) -> PlaceModel:
        conditional = [write] if write.event.if_stamp is not None else []
        decisions = Decisions(self._edge.hub, conditional, now_ms() + self._edge.settings.limits.waiting_ms)
        try:
            answer = await (await self._edge.changes.append(write))
            if isinstance(answer, Problem):
                raise Refusal(answer)
            if conditional:
                decided = (await decisions.within(self._edge.settings.http.position_wait_s)).get(write.event.id)
                if decided is None:
                    raise Refusal(Problem(BEHIND, "the change is in the log, but not decided yet", retry_after_ms=1000))
                if decided.outcome == "rejected":
                    raise Refusal(Problem(REJECTED, decided.error or ""))
            return PlaceModel(partition=answer.position.partition, offset=answer.position.offset)
        finally:
            decisions.leave()

    async def claim(self, project_id: str, branch_id: str | None, agent: str) -> Row:
        """Take the most urgent open task: in progress, and assigned to the agent. Two agents never get the same one."""
        self._edge.readable(self._principal, project_id)
        tried: set[str] = set()
        for _ in range(_CLAIMS):
            task = self._open_task(project_id, branch_id, tried)
            if task is None:
                break
            tried.add(task["id"])
            fields = Fields(status="in_progress", assignees=[agent])
            try:
                return await self.write(Asked(project_id, task["id"], "patch", fields, if_stamp=task["stamp"]), Action.CLAIM)
            except Refusal as refused:
                if refused.problem.type is not REJECTED:
                    raise
        return {"task": None, "position": self._position(project_id)}

    def _open_task(self, project_id: str, branch_id: str | None, tried: set[str]) -> Row | None:
        rows = self._edge.replica.of(project_id)
        if rows is None:
            return None
        wanted = TaskFilter(branch_id, frozenset({"todo"}))
        granted = self._principal.grants.branches
        passing = (entry for entry in rows.tasks.values() if entry.id not in tried and wanted.passes(entry))
        open_tasks = [entry for entry in passing if not granted or entry.branch_id in granted]
        best = min(open_tasks, key=lambda entry: (_RANK.get(entry.priority, len(_RANK)), entry.stamp), default=None)
        return None if best is None else _row(best.data)

    async def _reach(self, min_position: str | None) -> None:
        if min_position is None:
            return
        partition, _, offset = min_position.partition(":")
        if not (partition.isdecimal() and offset.isdecimal()):
            raise Refusal(Problem(INVALID_REQUEST, errors=("min_position: as `position` of an earlier answer",)))
        await self._edge.reach([PlaceModel(partition=int(partition), offset=int(offset))])

    def _position(self, project_id: str) -> str:
        position = self._edge.hub.position(project_id)
        return f"{position.partition}:{position.offset}"

    def _since(self, project_id: str) -> str:
        return f"{self._edge.hub.place(project_id).epoch}:{self._edge.hub.sequence(project_id)}"


def _row(data: bytes) -> Row:
    row: Row = msgspec.json.decode(data)
    row.pop("digest", None)
    return row
