"""The law of rights: whatever happens to members, projects and tokens, nobody is sent anything of a project that it may not read."""

import json
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from msgspec import Raw

from api.feed import Audience, Feed, Observed, Record
from api.meters import Meters
from api.protocol.access import Principal
from api.protocol.fanout import fan_out
from api.protocol.hub import Hub, Place
from api.protocol.inputs import Gone, Ping, Subscribe, Unsubscribe, Verified
from api.protocol.limits import Limits
from api.protocol.session import Session
from api.protocol.tail import Tail
from api.protocol.transitions import receive
from api.replica import Replica
from api.tracing import Untraced
from schemas.frames import Want
from schemas.messages import Cascade, Metadata, Position, Update, UpdateData, UpdatePayload, encode_message
from schemas.rows import MemberRow, OffsetRow, ProjectSummary, Row, TaskSummary, Tombstone, encode_row
from schemas.topics import offset_key, row_key
from tests.unit.api.protocol.fakes import NOW

PROJECTS = st.sampled_from(["p", "q"])
USERS = st.sampled_from(["u", "v", "w"])
CLAIMS = st.sampled_from([(), ("p",), ("q",), ("*",)])
ROLES = st.sampled_from(["owner", "editor", "viewer", None])
REMOVED = "removed"


class Model:
    """What the log says, kept apart from the code: roles by project and user, projects that are gone, and who saw their end."""

    def __init__(self) -> None:
        self.roles: dict[tuple[str, str], str] = {}
        self.gone: dict[str, set[str]] = {}

    def may_read(self, user: str, claims: tuple[str, ...], project_id: str) -> bool:
        """Return whether a user may read a project, and of one that is gone its end."""
        role = self.roles.get((project_id, user))
        if role == REMOVED:
            return user in self.gone.get(project_id, ())
        return role is not None or project_id in claims or "*" in claims


class Out:
    """A socket that takes everything."""

    def write(self, tail: Tail) -> None:
        """Nothing is sent here."""

    def wake(self) -> None:
        """Nothing waits here."""

    def abort(self) -> None:
        """Nothing fails here."""


class Rights(RuleBasedStateMachine):
    """A log of two projects, a real feed, and sessions of three users."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.replica = Replica()
        self.hub = Hub(self.replica, lambda _project_id: 0, Limits(messages_per_second=1_000_000, burst=1_000_000))
        self.hub.begin(0, Place("e1"))
        self.feed = Feed(self.replica, self.hub, Observed(Meters(), Untraced()), Audience(self.appeared, self.regarded))
        self.sessions: list[tuple[str, tuple[str, ...], Session]] = []
        self.waiting: dict[int, list[bytes]] = {}
        self.stamp = 0

    @initialize()
    def begin(self) -> None:
        """Both projects are there."""
        self.change("p", state_first=True)
        self.change("q", state_first=True)

    def appeared(self, project_id: str) -> None:
        """Do as the edge's connections do."""
        for _, _, session in self.sessions:
            session.reconsider(project_id, NOW)

    def regarded(self, project_id: str, user_id: str) -> None:
        """Do as the edge's connections do."""
        for user, _, session in self.sessions:
            if user == user_id:
                session.reconsider(project_id, NOW)

    def log(self, project_id: str, rows: dict[str, Row], kind: str, *, state_first: bool) -> None:
        """Let the worker write one step: rows and a frame; the edge may read either topic first, and sends between the two."""
        for is_state in (state_first, not state_first):
            if is_state:
                self.state(project_id, rows)
            else:
                self.cascade(project_id, rows, kind)
            self.read()

    def state(self, project_id: str, rows: dict[str, Row]) -> None:
        """Feed the rows and the end of their step."""
        for name, row in rows.items():
            self.feed.state(Record(0, 0, row_key(name.partition(":")[0], project_id, row.id), encode_row(row), 0), NOW)
        self.feed.state(Record(0, 0, offset_key(0), encode_row(OffsetRow(partition=0, through=self.stamp + 1)), 0), NOW)

    def cascade(self, project_id: str, rows: dict[str, Row], kind: str) -> None:
        """Feed the frame of one row, with the project's row where there is one."""
        above = [Raw(encode_row(row)) for name, row in rows.items() if name == "project" and kind != "project"]
        payload = UpdatePayload(
            entity=kind.partition(":")[0],
            action="update",
            data=UpdateData(primary=Raw(encode_row(rows[kind])), cascade=Cascade(projects=above)),
        )
        metadata = Metadata(source="user", position=Position(0, self.stamp + 1))
        message = Update(id="m", stream=f"project:{project_id}", timestamp=0, payload=payload, metadata=metadata)
        self.feed.cascade(Record(0, self.hub.places[0].applied, project_id.encode(), encode_message(message), 0), NOW)

    def read(self) -> None:
        """Hand out what is due; everything must be of a project that its receiver may read now."""
        given: dict[int, list[bytes]] = {}
        for receiver, tail in fan_out(self.hub.moved(), 262_144, NOW):
            given.setdefault(id(receiver), []).extend(tail.frames)
        for user, claims, session in self.sessions:
            for frame in given.get(id(session), []) + session.due(NOW):
                for project_id in named(json.loads(frame)):
                    assert self.model.may_read(user, claims, project_id), (user, claims, project_id, frame)

    @rule(project_id=PROJECTS, user=USERS, role=ROLES, state_first=st.booleans())
    def member(self, project_id: str, user: str, role: str | None, *, state_first: bool) -> None:
        """Give a role, or take it."""
        self.stamp += 1
        if project_id in self.model.gone:
            return
        self.model.roles[project_id, user] = role or REMOVED
        row: Row = Tombstone(id=user, project_id=project_id, stamp=self.stamp)
        if role is not None:
            row = MemberRow(id=user, project_id=project_id, user_id=user, role=role, stamp=self.stamp)
        self.log(project_id, {f"member:{user}": row}, f"member:{user}", state_first=state_first)

    @rule(project_id=PROJECTS, state_first=st.booleans())
    def change(self, project_id: str, *, state_first: bool) -> None:
        """Change a task; a project that is gone is there again, without its members."""
        self.stamp += 1
        self.model.gone.pop(project_id, None)
        task = TaskSummary(id=f"t{self.stamp}", project_id=project_id, branch_id="b", title=f"secret of {project_id}", stamp=self.stamp)
        project = ProjectSummary(id=project_id, name=project_id, stamp=self.stamp)
        self.log(project_id, {"project": project, "task": task}, "task", state_first=state_first)

    @rule(project_id=PROJECTS, state_first=st.booleans())
    def delete(self, project_id: str, *, state_first: bool) -> None:
        """Delete a project with its members."""
        self.stamp += 1
        if project_id in self.model.gone:
            return
        members = [user for (name, user), role in self.model.roles.items() if name == project_id and role != REMOVED]
        self.model.gone[project_id] = set(members)
        self.model.roles |= {(project_id, user): REMOVED for user in members}
        rows: dict[str, Row] = {"project": Tombstone(id=project_id, project_id=project_id, stamp=self.stamp)}
        rows |= {f"member:{user}": Tombstone(id=user, project_id=project_id, stamp=self.stamp) for user in members}
        self.log(project_id, rows, "project", state_first=state_first)

    @rule(state_first=st.booleans())
    def move(self, *, state_first: bool) -> None:
        """Move a task from one project to the other: it goes here and comes there."""
        self.stamp += 1
        task = Tombstone(id="moved", project_id="p", stamp=self.stamp)
        if "p" not in self.model.gone:
            self.log("p", {"task": task}, "task", state_first=state_first)
        self.change("q", state_first=state_first)

    @rule(user=USERS, claims=CLAIMS, stream=st.sampled_from(["project:p", "project:q", "project:*"]))
    def connect(self, user: str, claims: tuple[str, ...], stream: str) -> None:
        """Come, and join what may be joined."""
        session = Session("c", Principal(user, frozenset(claims), frozenset(), NOW + 3_600_000), self.hub, Out(), NOW)
        self.sessions.append((user, claims, session))
        receive(session, Subscribe([Want(stream)]), NOW)
        self.read()

    @rule(number=st.integers(0, 9), claims=CLAIMS)
    def renew(self, number: int, claims: tuple[str, ...]) -> None:
        """Bring a token with other projects."""
        if number < len(self.sessions):
            user, _, session = self.sessions[number]
            self.sessions[number] = (user, claims, session)
            receive(session, Verified(Principal(user, frozenset(claims), frozenset(), NOW + 3_600_000)), NOW)
            self.read()

    @rule(number=st.integers(0, 9), stream=st.sampled_from(["project:p", "project:q", "project:*"]), leave=st.booleans())
    def ask(self, number: int, stream: str, *, leave: bool) -> None:
        """Join or leave a stream, and ask where all stand."""
        if number < len(self.sessions):
            session = self.sessions[number][2]
            receive(session, (Unsubscribe if leave else Subscribe)([Want(stream)]), NOW)
            self.read()
            receive(session, Ping(), NOW)
            self.read()

    @rule(number=st.integers(0, 9))
    def go(self, number: int) -> None:
        """Leave for good."""
        if number < len(self.sessions):
            receive(self.sessions.pop(number)[2], Gone(), NOW)


def named(frame: dict[str, Any]) -> set[str]:
    """Return the projects of which a frame tells something: its stream, rows, heads; a refusal and an end tell nothing."""
    data = frame["payload"]["data"]
    told = {frame["stream"].removeprefix("project:")} if "stream" in frame else set()
    told |= {word.removeprefix("secret of ") for word in ("secret of p", "secret of q") if word in json.dumps(data)}
    if frame["payload"]["action"] in {"subscribed", "pong", "ping"}:
        told |= {entry["stream"].removeprefix("project:") for entry in data["streams"] if entry.get("status") != "error"}
    return told


Rights.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRights = Rights.TestCase


class Deaf(Rights):
    """An edge that does not hear that somebody's standing changed."""

    def regarded(self, project_id: str, user_id: str) -> None:
        """Do nothing."""


class Generous(Rights):
    """An edge that gives everybody every stream that is asked for."""

    @rule(user=USERS, stream=st.sampled_from(["project:p", "project:q"]))
    def slip(self, user: str, stream: str) -> None:
        """Join without asking what may be read."""
        session = Session("c", Principal(user, frozenset({"*"}), frozenset(), NOW + 3_600_000), self.hub, Out(), NOW)
        self.sessions.append((user, (), session))
        receive(session, Subscribe([Want(stream)]), NOW)
        self.read()


@pytest.mark.parametrize("broken", [Deaf, Generous])
def test_a_broken_edge_is_caught(broken: type[Rights]) -> None:
    """The law can fail: both of these are found."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            broken, settings=settings(Rights.TestCase.settings, database=None, print_blob=False, phases=[Phase.generate], max_examples=5000)
        )
