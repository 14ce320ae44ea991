"""`anabranch doctor`: looks for what is wrong or soon will be, and says what to do."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from broker.reach import quiet_clients
from cli.operate.examine import Scope, examine
from cli.operate.findings import Finding
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from cli.topics import Profile, ProfileOption


class Role(StrEnum):
    """Whose rights are checked."""

    WORKER = "worker"
    EDGE = "edge"
    PRODUCER = "producer"


def doctor(  # noqa: PLR0913  because every option of the command is an argument
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    role: Annotated[Role, typer.Option("--role", help="Whose rights this user must have.")] = Role.WORKER,
    profile: ProfileOption = Profile.DEV,
    *,
    max_lag: Annotated[int, typer.Option("--max-lag", min=0, metavar="EVENTS", help="More events that wait are a fault.")] = 10_000,
    max_skew_ms: Annotated[int, typer.Option("--max-skew-ms", min=0, help="A clock further off than this is a fault.")] = 1_000,
    files: Annotated[int, typer.Option("--files", min=1, help="Open files that a process must be allowed.")] = 1_024,
    min_free_mib: Annotated[int, typer.Option("--min-free-mib", min=0, help="Less free space under the data directory is a fault.")] = 512,
    as_json: Json = False,
) -> None:
    """Check Kafka, topics, rights, lag, dead letters, history, disk, clock, versions, secrets, limits and ports.

    Each finding says what to do. Exits with 1 when there is a fault.
    """
    scope = Scope(kafka_settings(data, kafka), data, role.value, profile.value, max_lag, max_skew_ms, files, min_free_mib)
    with quiet_clients():
        found = asyncio.run(examine(scope))
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if as_json else "\n".join(lines_of(found)) + "\n")
    if any(one.level == "fail" for one in found):
        raise typer.Exit(1)


def lines_of(found: list[Finding]) -> list[str]:
    """Return what a person reads: a line for each finding, with what to do below it, and a last line that counts."""
    lines = []
    for one in found:
        lines.append(f"{one.level:<5} {one.check:<13} {one.what}")
        if one.do and one.level != "ok":
            lines.append(f"{'':19} → {one.do}")
    faults, warnings = (sum(one.level == level for one in found) for level in ("fail", "warn"))
    return [*lines, f"{faults} faults, {warnings} warnings." if faults or warnings else "No fault found."]
