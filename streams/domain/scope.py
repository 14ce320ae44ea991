"""One project inside a step: its keys, and its branches that are open for changes."""

from typing import Generic, TypeVar

from msgspec import Struct

from schemas.rows import BranchSummary, ProjectSummary
from schemas.topics import escape
from streams.domain.node import Node

R = TypeVar("R", BranchSummary, ProjectSummary)


class Slot(Struct, Generic[R], gc=False):
    """A live row of the step's own that is changed in place. Whoever changes `row` drops `node.public`."""

    key: bytes
    node: Node
    row: R


class Scope(Struct, gc=False):
    """What a step knows about one project. A row that is not open has not been changed in this step, or is not live."""

    project_id: str
    prefix: str
    key: bytes
    project: Slot[ProjectSummary] | None = None
    branches: dict[str, Slot[BranchSummary]] = {}

    def key_of(self, kind: str, row_id: str) -> bytes:
        """Return the key of a row of this project: `schemas.topics.row_key` with its first part made once."""
        return f"{kind}{self.prefix}{escape(row_id) if '/' in row_id or '%' in row_id else row_id}".encode()


def scope_of(project_id: str) -> Scope:
    """Return the scope of a project of which nothing is open."""
    prefix = f"/{escape(project_id)}/"
    return Scope(project_id, prefix, f"project{prefix}{escape(project_id)}".encode())
