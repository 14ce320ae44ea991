"""A tiny worker: it writes the rows and cascades of one change at a time by itself, for tests of what reads them."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from msgspec import Raw
from msgspec.json import encode

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
from schemas.topics import CASCADES, TASK_CHANGES, TASK_STATE, epoch_key, offset_key, row_key

PARTITIONS = 4


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

    async def through(self, partition: int, end: int) -> None:
        """Say that all of `task-changes` below an offset is in the rows."""
        await self.state(partition, offset_key(partition), encode_row(OffsetRow(partition=partition, through=end)))

    async def log(self, project_id: str, session_id: str, action: str, task_id: str, **data: str) -> int:
        """Put an event of a session about a task into `task-changes`; returns its offset."""
        name = f"{session_id}-{action}-{task_id}-{len(self.offsets)}"
        own = {"id": name, "session_id": session_id, "action": action, "entity_id": task_id, "data": data}
        sent = await (await self._logged(project_id, own))
        return int(sent.offset)

    async def log_many(self, project_id: str, changes: Sequence[tuple[str, str, str]]) -> None:
        """Put many events into `task-changes` without waiting for each: (session, task, title)."""
        for number, (session_id, task_id, title) in enumerate(changes):
            own = {"id": f"many-{number}", "session_id": session_id, "entity_id": task_id, "data": {"title": title}}
            await self._logged(project_id, own)
        await self.producer.flush()

    async def _logged(self, project_id: str, own: dict[str, Any]) -> Awaitable[Any]:
        fixed = {"entity": "task", "action": "update", "branch_id": "b", "occurred_at": "2026-01-01T00:00:00Z", "source": "mcp-ai"}
        value, partition = encode(fixed | {"project_id": project_id} | own), partition_for(project_id, PARTITIONS)
        sent: Awaitable[Any] = await self.producer.send(self.kafka.topic(TASK_CHANGES), value, key=project_id.encode(), partition=partition)
        return sent

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

    async def member(self, project_id: str, user: str, role: str | None, of: str | None = None) -> int:
        """Give a user a role, or take it (None); returns the frame's sequence. of: the user, if the row has another id."""
        partition, stamp = self.next_stamp(project_id)
        row = MemberRow(id=user, project_id=project_id, user_id=of or user, role=role, stamp=stamp) if role else None
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
        await self.through(partition, row.stamp + 1)
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
            await self.state(partition, row_key(kind, project_id, row.id), with_memory(encoded[kind], Memory(ids=f"{stamp:014x}")))
        await self.through(partition, stamp + 1)
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
