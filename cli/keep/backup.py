"""`anabranch backup` and `anabranch restore`: the log of record in a folder, and back into a Kafka."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from archive.backup import backup as copy
from archive.restore import restore as write
from broker.reach import quiet_clients
from cli.keep.showing import counting
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from cli.topics import Profile, ProfileOption
from schemas.topics import TASK_CHANGES

Place = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of the backup.")]


def backup(directory: Place, data: Data = DEFAULT_DATA, kafka: Kafka = None, *, as_json: Json = False) -> None:
    """Copy task-changes, of which everything else can be made, into a directory: what the log holds at the start.

    Called again, it goes on where it was stopped, or adds what came since. Offsets, keys, headers and times are kept.
    """
    settings = kafka_settings(data, kafka)
    with quiet_clients(), counting("backup", shown=not as_json) as tell:
        manifest = asyncio.run(copy(settings, directory, tell))
    records = sum(one.records for one in manifest.segments)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"records": records, "ends": manifest.ends, "files": len(manifest.segments)}).decode() + "\n")
    else:
        sys.stdout.write(f"{records:,} events of {len(manifest.ends)} partitions are in {directory}.\n")


def restore(
    directory: Place,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    profile: ProfileOption = Profile.DEV,
    partitions: Annotated[int | None, typer.Option("--partitions", min=1, help="Another number of partitions than before.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Write a backup into a Kafka that has no events yet, under a new epoch. Workers and edges make the rest of it anew.

    Called again, it goes on where it was stopped. `anabranch verify` says afterwards whether all is right.
    """
    settings = kafka_settings(data, kafka)
    with quiet_clients(), counting("restore", shown=not as_json) as tell:
        records = asyncio.run(write(settings, directory, profile.value, tell, partitions))
    if as_json:
        sys.stdout.write(msgspec.json.encode({"records": records}).decode() + "\n")
    else:
        sys.stdout.write(f"{records:,} records are in {settings.topic(TASK_CHANGES)}. Start the workers, then `anabranch verify`.\n")
