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
from cli.plural import counted
from cli.topics import Profile, ProfileOption


class Role(StrEnum):
    """Whose rights are checked: the roles of deploy/kafka/roles.yaml."""

    PRODUCER = "producer"
    WORKER = "worker"
    EDGE = "edge"
    ANALYST = "analyst"
    OPERATOR = "operator"
    SCALER = "scaler"


def doctor(  # noqa: PLR0913  because every option of the command is an argument
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    role: Annotated[
        Role | None, typer.Option("--role", help="Whose rights this user must have; default: its own, by its name, else the worker's.")
    ] = None,
    profile: ProfileOption = Profile.DEV,
    *,
    max_lag: Annotated[int, typer.Option("--max-lag", min=0, metavar="EVENTS", help="More events that wait are a fault.")] = Scope.max_lag,
    max_skew_ms: Annotated[int, typer.Option("--max-skew-ms", min=0, help="A clock further off than this is a fault.")] = Scope.max_skew_ms,
    files: Annotated[int, typer.Option("--files", min=1, help="Open files that a process must be allowed.")] = Scope.files,
    min_free_mib: Annotated[
        int, typer.Option("--min-free-mib", min=0, help="Less free space under the data directory is a fault.")
    ] = Scope.min_free_mib,
    as_json: Json = False,
) -> None:
    """Check Kafka, topics, rights, lag, dead letters, history, disk, clock, versions, secrets, limits and ports.

    Each finding says what to do. Exits with 1 when there is a fault.
    """
    settings = kafka_settings(data, kafka)
    scope = Scope(settings, data, role or role_of(settings.sasl_username), profile.value, max_lag, max_skew_ms, files, min_free_mib)
    with quiet_clients():
        found = asyncio.run(examine(scope))
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if as_json else "\n".join(lines_of(found)) + "\n")
    if any(one.level == "fail" for one in found):
        raise typer.Exit(1)


def role_of(user: str | None) -> str:
    """Return the role that a user is named after (`anabranch-operator`); of any other: worker."""
    return next((role for role in Role if user == f"anabranch-{role}"), Role.WORKER)


def lines_of(found: list[Finding]) -> list[str]:
    """Return what a person reads: a line for each finding, with what to do below it, and a last line that counts."""
    lines = []
    for one in found:
        lines.append(f"{one.level:<5} {one.check:<13} {one.what}")
        if one.do and one.level != "ok":
            lines.append(f"{'':19} → {one.do}")
    faults, warnings = (sum(one.level == level for one in found) for level in ("fail", "warn"))
    return [*lines, f"{counted(faults, 'fault')}, {counted(warnings, 'warning')}." if faults or warnings else "No fault found."]
