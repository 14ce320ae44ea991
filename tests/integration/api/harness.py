"""What the tests of a running edge use: a tiny worker that writes rows and cascades itself, running edges, and clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from msgspec import Raw
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from api.auth import mint
from broker.connection import KafkaSettings
from broker.partitioner import partition_for
from schemas.messages import Cascade, Message, Metadata, Position, Update, UpdateData, UpdatePayload, encode_message, stream_of
from schemas.rows import (
    BranchSummary,
    EpochRow,
    MemberRow,
    Memory,
    OffsetRow,
    ProjectSummary,
    TaskSummary,
    Tombstone,
    encode_row,
    with_memory,
)
from schemas.topics import CASCADES, TASK_STATE, epoch_key, offset_key, row_key

SECRET = "a development secret of more than 32 characters"  # noqa: S105  for tests only
PARTITIONS = 4
Row = dict[str, Any]


@dataclass
class TinyWorker:
    """Writes what a worker would: rows, the offset row, then the cascade; one change at a time, one counter per partition."""

    producer: AIOKafkaProducer
    kafka: KafkaSettings
    offsets: dict[int, int] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def begin(self, epoch: str = "e1") -> None:
        """Name the epoch of every partition, as making the topics does."""
        for partition in range(PARTITIONS):
            await self.state(partition, epoch_key(partition), encode_row(EpochRow(partition=partition, epoch=epoch)))

    async def state(self, partition: int, key: bytes, value: bytes | None) -> None:
        """Put one record into `task-state`."""
        await self.producer.send_and_wait(self.kafka.topic(TASK_STATE), value, key=key, partition=partition)

    async def cascade(self, project_id: str, message: Message | bytes) -> int:
        """Put one message into `cascades`; returns its sequence."""
        value = message if isinstance(message, bytes) else encode_message(message)
        partition = partition_for(project_id, PARTITIONS)
        sent = await self.producer.send_and_wait(self.kafka.topic(CASCADES), value, key=project_id.encode(), partition=partition)
        return int(sent.offset) + 1

    async def flood(self, project_id: str, count: int, title: str) -> int:
        """Change one task again and again, in large frames without waiting; returns the last sequence."""
        last: Any = None
        for _ in range(count):
            partition, stamp = self.next_stamp(project_id)
            row = encode_row(TaskSummary(id="t0", project_id=project_id, branch_id=f"{project_id}-main", title=title, stamp=stamp))
            project = encode_row(ProjectSummary(id=project_id, name=project_id, total_tasks=1, stamp=stamp))
            data = UpdateData(primary=Raw(row), cascade=Cascade(projects=[Raw(project)]))
            message = Update(
                id=f"m{stamp}",
                stream=stream_of(project_id),
                timestamp=0,
                payload=UpdatePayload(entity="task", action="update", data=data),
                metadata=Metadata(source="user", position=Position(partition, stamp + 1)),
            )
            topic = self.kafka.topic(CASCADES)
            last = await self.producer.send(topic, encode_message(message), key=project_id.encode(), partition=partition)
        return int((await last).offset) + 1

    def next_stamp(self, project_id: str) -> tuple[int, int]:
        """Return the partition and the stamp of the project's next event."""
        partition = partition_for(project_id, PARTITIONS)
        stamp = self.offsets.get(partition, 0)
        self.offsets[partition] = stamp + 1
        return partition, stamp

    async def member(self, project_id: str, user: str, role: str | None) -> int:
        """Give a user a role, or take it (None); returns the frame's sequence."""
        partition, stamp = self.next_stamp(project_id)
        row = MemberRow(id=user, project_id=project_id, user_id=user, role=role, stamp=stamp) if role else None
        return await self._own("member", project_id, row or Tombstone(id=user, project_id=project_id, stamp=stamp), partition)

    async def delete_project(self, project_id: str, *members: str) -> int:
        """Delete a project with its members; returns the frame's sequence."""
        partition, stamp = self.next_stamp(project_id)
        for user in members:
            tombstone = encode_row(Tombstone(id=user, project_id=project_id, stamp=stamp))
            await self.state(partition, row_key("member", project_id, user), tombstone)
        return await self._own("project", project_id, Tombstone(id=project_id, project_id=project_id, stamp=stamp), partition)

    async def _own(self, kind: str, project_id: str, row: MemberRow | Tombstone, partition: int) -> int:
        """Write one row, the end of its step, and the frame that carries it."""
        encoded = encode_row(row)
        await self.state(partition, row_key(kind, project_id, row.id), encoded)
        await self.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=row.stamp + 1)))
        data = UpdateData(primary=Raw(encoded), cascade=Cascade())
        message = Update(
            id=f"m-{project_id}-{row.stamp}",
            stream=stream_of(project_id),
            timestamp=0,
            payload=UpdatePayload(entity=kind, action="delete" if isinstance(row, Tombstone) else "update", data=data),
            metadata=Metadata(source="user", position=Position(partition, row.stamp + 1)),
        )
        return await self.cascade(project_id, message)

    async def add_task(self, project_id: str, task_id: str, *, correlation_id: str = "", user_id: str = "u", status: str = "todo") -> int:
        """Add or change a task of branch `main`, as a person's change; returns the frame's sequence."""
        partition, stamp = self.next_stamp(project_id)
        tasks = self.rows.setdefault(project_id, {})
        tasks[task_id] = status
        task = TaskSummary(
            id=task_id, project_id=project_id, branch_id=f"{project_id}-main", title=f"Task {task_id}", status=status, stamp=stamp
        )
        breakdown = {name: list(tasks.values()).count(name) for name in sorted(set(tasks.values()))}
        branch = BranchSummary(
            id=f"{project_id}-main", project_id=project_id, name="main", total_tasks=len(tasks), status_breakdown=breakdown, stamp=stamp
        )
        project = ProjectSummary(id=project_id, name=f"Project {project_id}", total_branches=1, total_tasks=len(tasks), stamp=stamp)
        values: dict[str, ProjectSummary | BranchSummary | TaskSummary] = {"project": project, "branch": branch, "task": task}
        encoded = {kind: encode_row(row) for kind, row in values.items()}
        for kind, row in values.items():
            await self.state(partition, row_key(kind, project_id, row.id), with_memory(encoded[kind], Memory(seen=[stamp])))
        await self.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=stamp + 1)))
        message = Update(
            id=f"m-{project_id}-{stamp}",
            stream=stream_of(project_id),
            timestamp=0,
            payload=UpdatePayload(
                entity="task",
                action="create",
                data=UpdateData(
                    primary=Raw(encoded["task"]), cascade=Cascade(branches=[Raw(encoded["branch"])], projects=[Raw(encoded["project"])])
                ),
            ),
            metadata=Metadata(
                source="user", position=Position(partition, stamp + 1), user_id=user_id, correlation_id=correlation_id or None
            ),
        )
        return await self.cascade(project_id, message)


@dataclass
class RunningEdge:
    """A running edge and ways to talk to it."""

    url: str
    private_url: str
    stop: asyncio.Event
    done: "asyncio.Task[None]"

    def client(self, user: str = "u", projects: tuple[str, ...] = ("*",), scope: str | None = None) -> httpx.AsyncClient:
        """Return an HTTP client with a token."""
        token = mint(SECRET, user, projects, 3600, scope)
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=20)

    def socket(self, user: str = "u", projects: tuple[str, ...] = ("*",), ttl_s: int = 3600, max_queue: int | None = None) -> connect:
        """Return a WebSocket to be opened, with a token in a subprotocol as browsers send it."""
        token = mint(SECRET, user, projects, ttl_s)
        return self.dial([f"bearer.{token}", "summary.v2"], max_queue=max_queue)

    def dial(
        self,
        subprotocols: list[str],
        path: str = "/ws/v2",
        origin: str | None = "own",
        header: str | None = None,
        max_queue: int | None = None,
    ) -> connect:
        """Return a WebSocket to be opened.

        max_queue: frames after which the client stops reading. Such a client does not see the edge's side of a close that it begins,
        and waits for 10 s.
        """
        return connect(
            self.url.replace("http", "ws") + path,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            origin=None if origin is None else Origin(self.url if origin == "own" else origin),
            additional_headers={"Authorization": header} if header else None,
            proxy=None,
            max_queue=max_queue,
        )

    async def end(self) -> None:
        """Stop it."""
        self.stop.set()
        await self.done


async def until_ready(edge: RunningEdge) -> None:
    """Wait for an edge's readiness."""
    async with httpx.AsyncClient(trust_env=False) as client:
        while (await client.get(f"{edge.private_url}/readyz")).status_code != httpx.codes.OK:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)


class Client:
    """A client by the rules of the protocol: keeps rows of one stream, resumes by itself never, notes every break of the rules."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.rows: dict[tuple[str, str], Row] = {}
        self.position: dict[str, tuple[str, int]] = {}
        self.frames: list[Row] = []
        self.doubled = 0
        self.gaps = 0

    async def send(self, type_: str, action: str, data: Row | None = None) -> None:
        """Send one frame."""
        await self.socket.send(json.dumps({"type": type_, "payload": {"action": action, "data": data or {}}}))

    async def subscribe(self, *streams: str, since: Row | None = None) -> None:
        """Subscribe to streams, all from the same place."""
        await self.send("sync", "subscribe", {"streams": [{"stream": stream, "since": since} for stream in streams]})

    async def next(self) -> Row:
        """Return the next frame, taken in."""
        frame: Row = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
        self.frames.append(frame)
        self._apply(frame)
        return frame

    async def until(self, type_: str, action: str) -> Row:
        """Return the next frame of a kind; those before it are taken in too."""
        while True:
            frame = await self.next()
            if (frame["type"], frame["payload"]["action"]) == (type_, action):
                return frame

    async def until_sequence(self, stream: str, sequence: int) -> None:
        """Take frames in until the stream's position is there."""
        while self.position.get(stream, ("", -1))[1] < sequence:
            await self.next()

    def _apply(self, frame: Row) -> None:
        if frame["sequence"] == 0 and "stream" not in frame:
            return
        stream, sequence, payload = frame["stream"], frame["sequence"], frame["payload"]
        if payload["action"] != "snapshot":
            epoch, at = self.position.get(stream, (frame["epoch"], -1))
            if sequence <= at:
                self.doubled += 1
                return
            if frame["prev"] > at or epoch != frame["epoch"]:
                self.gaps += 1
        self.position[stream] = (frame["epoch"], sequence)
        data = payload["data"]
        primary = data["primary"] if isinstance(data["primary"], list) else [{"entity": payload["entity"], "row": data["primary"]}]
        for entry in primary:
            self._put(entry["entity"], entry["row"])
        for kind, plural in (("branch", "branches"), ("project", "projects"), ("task", "tasks")):
            for row in data["cascade"].get(plural, []):
                self._put(kind, row)

    def _put(self, kind: str, row: Row) -> None:
        known = self.rows.get((kind, row["id"]))
        if known is None or known["stamp"] < row["stamp"]:
            self.rows[kind, row["id"]] = row


class StartEdge(Protocol):
    """Starts an edge that is ready."""

    async def __call__(self, web_dir: Path | None = None, **settings: Any) -> RunningEdge:  # noqa: ANN401  because they are of all types
        """Return it."""


@asynccontextmanager
async def client_of(edge: RunningEdge, user: str = "u") -> AsyncIterator[Client]:
    """Open a client and take its welcome."""
    async with edge.socket(user) as socket:
        client = Client(socket)
        await client.until("sync", "welcome")
        yield client


async def until_read(edge: RunningEdge, sequence: int) -> None:
    """Wait until some partition of the edge was read up to there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            places = (await client.get(f"{edge.private_url}/readyz")).json()["partitions"].values()
            if any(place["applied"] >= sequence for place in places):
                return
            await asyncio.sleep(0.02)


async def until_closed(socket: ClientConnection) -> int | None:
    """Take frames until the edge closes; returns the code."""
    with pytest.raises(ConnectionClosed):  # noqa: PT012  because frames may come first
        while True:
            await asyncio.wait_for(socket.recv(), 20)
    return socket.close_code
