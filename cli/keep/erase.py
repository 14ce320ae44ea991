"""`anabranch erase`: a person's name out of the whole log, and so out of everything that is made of it."""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec import Struct, json

from archive.backup import Progress, backup
from archive.erase import Eraser
from archive.folder import Folder, Manifest
from archive.restore import restore
from broker.admin import delete_topics
from broker.connection import KafkaSettings
from broker.epoch import end_offsets
from broker.group import describe_group
from broker.reach import quiet_clients
from cli.keep.showing import counting
from cli.options import DEFAULT_DATA, Data, Json, Kafka, application_id, kafka_settings
from cli.plural import counted
from cli.topics import Profile, ProfileOption
from schemas.failure import Failure, UsageFailure
from schemas.topics import TASK_CHANGES

_TRIES: Final = 3


class Outcome(Struct):
    """What an erasure came to. changed: records that named the person. left: those in which a name stands inside a longer word.

    backup: the rewritten log; "" where records were only counted.
    """

    alias: str
    records: int
    changed: int
    left: int
    backup: str = ""


def erase(  # noqa: PLR0913  because every option of the command is an argument
    user: Annotated[str, typer.Option("--user", metavar="ID", help="The person's id.")],
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="TEXT", help="A name or address of the same person; may be given again.")
    ] = None,
    alias: Annotated[str, typer.Option("--alias", help="What stands in its place; default: erased- and a random number.")] = "",
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Directory of the rewritten log; default: `erased` in --data.")
    ] = None,
    *,
    profile: ProfileOption = Profile.DEV,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only count.")] = False,
    as_json: Json = False,
) -> None:
    """Write the whole log anew without a person's id, under a new epoch. Workers, edges and producers must be stopped.

    The log is copied without the names, the topics are deleted and made anew, and the copy is written back; if that is interrupted,
    `anabranch restore` of the directory ends it. Without --yes records are only counted.
    """
    names = [user, *(also or ())]
    if not all(name.strip() for name in names):
        raise UsageFailure("An empty name stands everywhere: give the person's id.")
    settings, directory = kafka_settings(data, kafka), into or data / "erased"
    if yes and Folder(directory).load() is not None:
        raise UsageFailure(
            f"{directory} holds a log already. If an erasure was interrupted, `anabranch restore {directory}` ends it; "
            "else name another by --into."
        )
    eraser = Eraser(names, alias or f"erased-{secrets.token_hex(4)}")
    with quiet_clients(), counting("erase", shown=not as_json) as tell:
        run = _run(settings, directory, eraser, profile, tell) if yes else _count(settings, eraser, tell)
        outcome = asyncio.run(run)
    sys.stdout.write(json.encode(outcome).decode() + "\n" if as_json else "\n".join(lines_of(outcome)) + "\n")


async def _count(settings: KafkaSettings, eraser: Eraser, tell: Progress) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="anabranch-erase-") as folder:
        await backup(settings, Path(folder), tell, eraser.rewrite)
    return Outcome(eraser.alias, eraser.seen, eraser.changed, eraser.left)


async def _run(settings: KafkaSettings, directory: Path, eraser: Eraser, profile: Profile, tell: Progress) -> Outcome:
    await _check_nobody_works(settings)
    manifest = await _copied(settings, directory, eraser, tell)
    await delete_topics(settings)
    await restore(settings, directory, profile.value, tell, len(manifest.ends))
    return Outcome(eraser.alias, eraser.seen, eraser.changed, eraser.left, str(directory))


async def _check_nobody_works(settings: KafkaSettings) -> None:
    group = await describe_group(settings, application_id())
    if group.members:
        raise Failure(
            f"The group {group.name} has {counted(len(group.members), 'worker')}: stop all workers, the edges and all producers first."
        )


async def _copied(settings: KafkaSettings, directory: Path, eraser: Eraser, tell: Progress) -> Manifest:
    """Copy the log without the names, until nothing came meanwhile."""
    for _ in range(_TRIES):
        manifest = await backup(settings, directory, tell, eraser.rewrite, eraser.alias)
        manifest.moved |= eraser.moved
        Folder(directory).save(manifest)
        ends = await end_offsets(settings, TASK_CHANGES)
        if [ends[number] for number in sorted(ends)] == manifest.ends:
            return manifest
    raise Failure("Events still come in: stop all producers (edges are producers, too), then call this again.")


def lines_of(outcome: Outcome) -> list[str]:
    """Return what a person reads, with what is left to do."""
    lines = [f"{outcome.changed:,} of {outcome.records:,} records named the person."]
    if outcome.left:
        lines.append(f"In {outcome.left:,} records a name is part of a longer word, and stays: name those words with --also.")
    if not outcome.backup:
        return [*lines, "Nothing was changed. Stop workers, edges and producers, and call it again with --yes."]
    return [
        *lines,
        f"{outcome.alias} stands there now. The topics were made anew. Start the workers, then the edges, and call `anabranch verify`.",
        f"{outcome.backup} is a backup of the new log. Older backups still name the person: delete them.",
    ]
