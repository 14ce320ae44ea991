"""The public contract, as pydantic models: what a producer must write, what a receiver may rely on.

The hot path uses msgspec Structs of the same names and fields; a test holds the two equal. Every model here is in the JSON Schema
bundle, in the AsyncAPI document and in the client's TypeScript types (`python -m schemas.bundle`).
"""

from schemas.contract.answers import BulkAnswer, ProblemDocument, TasksAnswer, UnchangedAnswer
from schemas.contract.client import ClientFrame
from schemas.contract.control import ServerFrame
from schemas.contract.events import ChangeData, TaskChange
from schemas.contract.messages import Bulk, Outcome, Position, Update
from schemas.contract.rows import EpochRow, LiveRow, OffsetRow, Row, Tombstone
from schemas.http import BulkRequest, ChangesAnswer, LoginAnswer, LoginRequest, PlaceModel

__all__ = [
    "Bulk",
    "BulkAnswer",
    "BulkRequest",
    "ChangeData",
    "ChangesAnswer",
    "ClientFrame",
    "EpochRow",
    "LiveRow",
    "LoginAnswer",
    "LoginRequest",
    "OffsetRow",
    "Outcome",
    "PlaceModel",
    "Position",
    "ProblemDocument",
    "Row",
    "ServerFrame",
    "TaskChange",
    "TasksAnswer",
    "Tombstone",
    "UnchangedAnswer",
    "Update",
]
