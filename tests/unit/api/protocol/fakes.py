"""Rows by hand, and a hub around them, for tests of what is pure."""

import json
from collections.abc import Iterable
from typing import Any

from msgspec import Raw

from api.protocol.access import Principal, Standing
from api.protocol.fanout import fan_out
from api.protocol.hub import Hub, Place
from api.protocol.inputs import Subscribe
from api.protocol.join import Receiver
from api.protocol.limits import Limits
from api.protocol.ring import Frame, Ring
from api.protocol.session import Session
from api.protocol.tail import Tail
from api.protocol.transitions import receive
from schemas.frames import Since, Want
from schemas.messages import Cascade, Metadata, Position, Update, UpdateData, UpdatePayload, encode_message

NOW = 1_795_000_000_000
EPOCH = "e1"


class FakeRows:
    """Projects with branches, as JSON; `Summaries` for the hub."""

    def __init__(self) -> None:
        self.table: dict[str, dict[str, Any]] = {}
        self.leaves: dict[str, dict[str, dict[str, Any]]] = {}
        self.versions: dict[str, int] = {}
        self.standings: dict[tuple[str, str], Standing] = {}
        self.places: dict[tuple[str, str], tuple[str, int]] = {}

    def put(self, project_id: str, stamp: int, *branches: str, deleted: bool = False) -> None:
        """Set a project's row, and rows of its branches with the same stamp."""
        self.table[project_id] = {"id": project_id, "stamp": stamp, "digest": stamp * 7} | ({"deleted": True} if deleted else {})
        for branch_id in branches:
            self.leaves.setdefault(project_id, {})[branch_id] = {"id": branch_id, "project_id": project_id, "stamp": stamp}
        self.versions[project_id] = self.versions.get(project_id, 0) + 1

    def project(self, project_id: str) -> bytes | None:
        """Return a project's row."""
        return json.dumps(self.table[project_id]).encode() if project_id in self.table else None

    def branches(self, project_id: str) -> Iterable[bytes]:
        """Return the rows of its branches."""
        return [json.dumps(row).encode() for row in self.leaves.get(project_id, {}).values()]

    def version(self, project_id: str) -> int:
        """Return how often it was set."""
        return self.versions.get(project_id, 0)

    def digest(self, project_id: str) -> tuple[int, int]:
        """Return digest and stamp."""
        row = self.table.get(project_id)
        return (row["digest"], row["stamp"]) if row else (0, -1)

    def standing(self, project_id: str, user_id: str) -> Standing | None:
        """Return what was set by hand."""
        return self.standings.get((project_id, user_id))

    def owned(self, project_id: str) -> bool:
        """Return whether somebody was set as an owner."""
        return any(name == project_id and standing is Standing.OWNER for (name, _), standing in self.standings.items())

    def projects_of(self, user_id: str) -> Iterable[str]:
        """Return the projects in which something was set for a user."""
        return [name for name, user in self.standings if user == user_id]

    def task_place(self, project_id: str, task_id: str) -> tuple[str, int] | None:
        """Return what was set by hand."""
        return self.places.get((project_id, task_id))

    def live(self, project_id: str) -> bool:
        """Return whether a project is there."""
        return project_id in self.projects()

    def projects(self) -> Iterable[str]:
        """Return the live projects."""
        return [project_id for project_id, row in self.table.items() if not row.get("deleted")]


class World:
    """One partition, read up to `applied`; a publish moves rows, ring and place as an edge does."""

    def __init__(self, limits: Limits | None = None, applied: int = 0) -> None:
        self.rows = FakeRows()
        self.hub = Hub(self.rows, lambda _project_id: 0, limits or Limits())
        self.hub.begin(0, Place(EPOCH, floor=applied, applied=applied, through=applied))
        self.wakes = 0
        self.given: dict[Receiver, list[bytes]] = {}

    @property
    def applied(self) -> int:
        """Return up to where the partition was read."""
        return self.hub.places[0].applied

    def publish(self, project_id: str, now_ms: int = NOW) -> int:
        """Change a project's row and hand out the frame; returns its sequence."""
        sequence = self.applied + 1
        self.rows.put(project_id, sequence, "main")
        self.hub.publish(project_id, sequence, update(project_id, sequence), now_ms)
        self.hub.places[0].applied = sequence
        return sequence

    def wake(self) -> None:
        """Count a wake-up."""
        self.wakes += 1

    def write(self, tail: Tail) -> None:
        """Nothing is sent here."""

    def abort(self) -> None:
        """Nothing fails here."""

    def fan_out(self) -> None:
        """Give everybody who can take it what is new."""
        for receiver, tail in fan_out(self.hub.moved(), self.hub.limits.outbound_bytes, NOW):
            self.given.setdefault(receiver, []).extend(tail.frames)

    def due(self, session: Session, budget: int = 262_144) -> list[bytes]:
        """Return all that a session is sent now: from the fan-out, then what is due to it alone."""
        self.fan_out()
        return self.given.pop(session, []) + session.due(NOW, budget)

    def session(self, projects: Iterable[str] = ("*",), expires_ms: int = NOW + 3_600_000) -> Session:
        """Return a new session of user `u`."""
        return Session("c", Principal("u", frozenset(projects), frozenset(), expires_ms), self.hub, self, NOW)


def update(project_id: str, stamp: int) -> bytes:
    """Return a message that sets the project's row and its branch `main`."""
    row = json.dumps({"id": project_id, "stamp": stamp, "digest": stamp * 7}).encode()
    branch = json.dumps({"id": "main", "project_id": project_id, "stamp": stamp}).encode()
    data = UpdateData(primary=Raw(branch), cascade=Cascade(projects=[Raw(row)]))
    return encode_message(
        Update(
            id=f"m{stamp}",
            stream=f"project:{project_id}",
            timestamp=NOW,
            payload=UpdatePayload(entity="branch", action="update", data=data),
            metadata=Metadata(source="user", position=Position(0, stamp + 1)),
        )
    )


def said(frames: Iterable[bytes]) -> list[tuple[str, Any]]:
    """Return frames as (action, data)."""
    payloads = [json.loads(frame)["payload"] for frame in frames]
    return [(payload["action"], payload["data"]) for payload in payloads]


def actions(frames: Iterable[bytes]) -> list[str]:
    """Return the actions of frames."""
    return [action for action, _ in said(frames)]


def subscribed(world: World, *streams: str, since: Since | None = None) -> Session:
    """Return a session that joined these streams."""
    session = world.session()
    receive(session, Subscribe([Want(stream, since) for stream in streams]), NOW)
    return session


def statuses(session: Session, now_ms: int = NOW) -> list[tuple[str, str]]:
    """Return (stream, status) of all that `subscribed` frames say now."""
    said_now = said(session.due(now_ms))
    return [(entry["stream"], entry["status"]) for action, data in said_now if action == "subscribed" for entry in data["streams"]]


def ring_of(*sequences: int, size: int = 100) -> Ring:
    """Return a ring with frames of one byte."""
    ring = Ring()
    for sequence in sequences:
        ring.append(Frame(sequence, b"x", sequence), size)
    return ring
