"""A person's change as it lies in `cascades`: about one kilobyte, with both summaries."""

from msgspec import Raw

from schemas.messages import Cascade, Metadata, Position, Update, UpdateData, UpdatePayload, encode_message, stream_of
from schemas.rows import BranchSummary, ProjectSummary, TaskSummary, encode_row


def message(project_id: str, stamp: int, message_id: str = "") -> bytes:
    """Return the message of the event at this offset."""
    breakdowns = {"priority_breakdown": {"high": 12, "low": 3}, "status_breakdown": {"done": 5, "in_progress": 4, "todo": 6}}
    task = TaskSummary(id="t-1", project_id=project_id, branch_id="main", title="Implement the thing", status="done", stamp=stamp)
    branch = BranchSummary(id="main", project_id=project_id, name="main", total_tasks=15, completed_tasks=5, stamp=stamp, **breakdowns)  # type: ignore[arg-type]  # both are such fields
    project = ProjectSummary(id=project_id, name=project_id, total_tasks=15, completed_tasks=5, stamp=stamp)
    return encode_message(
        Update(
            id=message_id or f"m-{stamp}",
            stream=stream_of(project_id),
            timestamp=1_795_000_000_000,
            payload=UpdatePayload(
                entity="task",
                action="update",
                data=UpdateData(
                    primary=Raw(encode_row(task)),
                    cascade=Cascade(branches=[Raw(encode_row(branch))], projects=[Raw(encode_row(project))]),
                ),
            ),
            metadata=Metadata(source="user", position=Position(0, stamp + 1), user_id="u-1"),
        )
    )
