"""The law of the drift watch: what an edge's memory lost of a project, or did not take in, is found and put right, and nothing else is."""

import asyncio
import json
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from api.drift import DriftWatch, Ways
from api.feed import NO_EPOCH, Audience, Feed, Observed, Record
from api.meters import Meters
from api.protocol.hub import Hub, Place
from api.protocol.limits import Limits
from api.replica import Replica
from api.tracing import Untraced
from schemas.rows import OffsetRow, encode_row
from schemas.topics import offset_key, row_key

PROJECTS = ("p", "q", "r")
ROLES = ("owner", "editor", "viewer", "none")
METERS = Meters()
ACTS = st.lists(st.tuples(st.sampled_from(PROJECTS), st.sampled_from(["tell", "delete", "expire"]), st.integers(0, 3)), max_size=8)
LOSSES = st.dictionaries(st.sampled_from(PROJECTS), st.sampled_from(["all", "newest"]))
Step = list[tuple[bytes, bytes | None]]


class Memory:
    """A replica that is fed, and what belongs to it."""

    def __init__(self) -> None:
        self.replica = Replica()
        self.hub = Hub(self.replica, lambda _project: 0, Limits())
        self.hub.begin(0, Place(NO_EPOCH))
        audience = Audience(lambda _project: None, lambda _project, _user: None)
        self.feed = Feed(self.replica, self.hub, Observed(METERS, Untraced()), audience)
        self._offset = 0

    def take(self, step: Step) -> None:
        """Take a step in."""
        for key, value in step:
            self.feed.state(Record(0, self._offset, key, value, 0), 0)
            self._offset += 1


def told(project_id: str, stamp: int, tasks: int) -> Step:
    """Return a project with a member, one branch and some tasks, all said anew; what it had before is deleted."""
    ids = [f"t{number}" for number in range(4)]
    live = ids[:tasks]
    digest = sum(crc32(f"{row_id}|todo|low|{stamp}".encode()) for row_id in live)
    tally = {"stamp": stamp, "project_id": project_id, "total_tasks": tasks, "digest": digest}
    rows: dict[bytes, object] = {
        row_key("project", project_id, project_id): tally | {"id": project_id, "total_branches": 1},
        row_key("branch", project_id, "b"): tally | {"id": "b"},
        row_key("member", project_id, "u"): {"id": "u", "user_id": "u", "role": ROLES[tasks], "stamp": stamp},
    }
    for row_id in ids:
        row = {"id": row_id, "project_id": project_id, "stamp": stamp}
        row |= {"branch_id": "b", "status": "todo", "priority": "low"} if row_id in live else {"deleted": True}
        rows[row_key("task", project_id, row_id)] = row
    return [(key, json.dumps(row).encode()) for key, row in rows.items()]


def steps_of(acts: list[tuple[str, str, int]]) -> list[tuple[str, Step]]:
    """Return what these acts put into `task-state`, with the project of each."""
    made = []
    there: dict[str, str] = {}
    for stamp, (project_id, act, tasks) in enumerate(acts):
        key = row_key("project", project_id, project_id)
        if act == "tell":
            step: Step = told(project_id, stamp, tasks)
        elif act == "delete" and there.get(project_id) == "tell":
            step = [(key, json.dumps({"id": project_id, "project_id": project_id, "stamp": stamp, "deleted": True}).encode())]
        elif act == "expire" and there.get(project_id) == "delete":
            step = [(key, None)]
        else:
            continue
        there[project_id] = act
        made.append((project_id, [*step, (offset_key(0), encode_row(OffsetRow(partition=0, through=stamp + 1)))]))
    return made


@given(ACTS, LOSSES)
def test_what_is_lost_of_a_project_is_found_and_put_right(acts: list[tuple[str, str, int]], losses: dict[str, str]) -> None:
    """All of it, or all that came last, its end too; a project that is whole, or never was, is left alone."""
    whole, lossy = Memory(), Memory()
    steps = steps_of(acts)
    newest = {project_id: number for number, (project_id, _) in enumerate(steps)}
    for number, (project_id, step) in enumerate(steps):
        whole.take(step)
        lost = losses.get(project_id)
        lossy.take(step[-1:] if lost == "all" or (lost == "newest" and newest[project_id] == number) else step)
    live = {project_id for project_id in losses if whole.replica.live(project_id) or lossy.replica.live(project_id)}
    missed = live | {project_id for project_id, lost in losses.items() if lost == "all" and whole.replica.members.stamps(project_id)}
    asyncio.run(_watched(whole, lossy, missed))


def standing(memory: Memory, project_id: str) -> tuple[bytes | None, list[bytes], list[bytes]] | None:
    """Return the rows of a project that is live, in any order."""
    project, branches, tasks = memory.replica.standing_rows(project_id)
    return (project, sorted(branches), sorted(tasks)) if memory.replica.live(project_id) else None


async def _watched(whole: Memory, lossy: Memory, lost: set[str]) -> None:
    async def reread(project_id: str) -> tuple[Replica, int]:
        return whole.replica, whole.hub.place(project_id).through

    ways = Ways(reread, lambda _project: None, lambda _project, _user: None, whole.feed.roll)
    watch = DriftWatch(lossy.replica, lossy.hub, ways, METERS, 1.0)
    assert {project_id for project_id in PROJECTS if await watch.wrong(project_id)} == lost
    for project_id in lost:
        right, through = await reread(project_id)
        lossy.replica.mend(project_id, right, through)
        lossy.replica.members.mend(project_id, right.members, through)
        assert standing(lossy, project_id) == standing(whole, project_id)
        assert lossy.replica.members.stamps(project_id) == whole.replica.members.stamps(project_id)
        if whole.replica.live(project_id):
            assert lossy.replica.standing(project_id, "u") == whole.replica.standing(project_id, "u")
        assert not await watch.wrong(project_id)
