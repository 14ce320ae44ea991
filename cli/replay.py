"""`anabranch replay`: all rows made anew from the log, beside those in use, and compared with them."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from audit.log import ends_of_changes, read_state
from broker.admin import apply_topics
from broker.connection import KafkaSettings
from broker.cut import StateCut
from broker.reach import quiet_clients
from cli.child import Child, Plan
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from cli.topics import Profile, ProfileOption
from schemas.failure import UsageFailure


class Outcome(Struct):
    """What a replay came to. identical: equal to the byte; newer: rows that changed in one of the two lives meanwhile."""

    into: str
    events: int
    identical: int = 0
    different: int = 0
    newer: int = 0


def replay(  # noqa: PLR0913  because every option of the command is an argument
    into: Annotated[str, typer.Option("--into", metavar="NAME", help="Application id, and prefix of the new topics.")],
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="How many workers share the replay.")] = 1,
    profile: ProfileOption = Profile.DEV,
    *,
    from_zero: Annotated[bool, typer.Option("--from-zero", help="Read the whole log; the only way there is.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the whole log into topics of its own, and compare every row with the rows in use. Exits with 1 when any differs."""
    if not from_zero:
        raise UsageFailure("A replay reads the whole log: say so with --from-zero.")
    settings = kafka_settings(data, kafka)
    with quiet_clients():
        outcome = asyncio.run(_run(settings, data / f"replay-{into}", into, workers, profile))
    if as_json:
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
    else:
        sys.stdout.write(
            f"Folded {outcome.events:,} events into {into}.task-state: {outcome.identical:,} rows are identical, "
            f"{outcome.different:,} differ, {outcome.newer:,} changed meanwhile.\n"
        )
    if outcome.different:
        raise typer.Exit(1)


async def _run(settings: KafkaSettings, folder: Path, into: str, workers: int, profile: Profile) -> Outcome:
    fresh = settings.model_copy(update={"output_prefix": f"{into}."})
    ends = await ends_of_changes(settings)
    await apply_topics(fresh, profile.value, len(ends))
    async with AsyncExitStack() as stack:
        for number in range(workers):
            child = Child(_plan(fresh, folder / f"worker-{number}", into), _tell)
            task = asyncio.create_task(child.run())
            stack.push_async_callback(_stop, child, task)
        made = await read_state(fresh, ends, 120.0)
    return compared(into, sum(ends.values()), made, await read_state(settings, dict.fromkeys(ends, 0), 30.0))


def compared(into: str, events: int, made: Mapping[int, StateCut], used: Mapping[int, StateCut]) -> Outcome:
    """Compare two lives of the same log, partition by partition, byte by byte. Rows that one of them changed later are left out."""
    outcome = Outcome(into, events)
    for number, cut in made.items():
        through = min(cut.through, used[number].through)
        for key in cut.rows.keys() | used[number].rows.keys():
            pair = (cut.rows.get(key), used[number].rows.get(key))
            if pair[0] == pair[1]:
                outcome.identical += 1
            elif any(value is not None and _stamp(value) >= through for value in pair):
                outcome.newer += 1
            else:
                outcome.different += 1
    return outcome


class _Head(Struct):
    stamp: int = -1


def _stamp(value: bytes) -> int:
    return msgspec.json.decode(value, type=_Head).stamp


def _plan(settings: KafkaSettings, directory: Path, into: str) -> Plan:
    values = {"KAFKA__TOPIC_PREFIX": settings.topic_prefix, "KAFKA__OUTPUT_PREFIX": settings.output_prefix, "APPLICATION_ID": into}
    arguments = ("worker", "--kafka", settings.bootstrap, "--worker-dir", str(directory))
    return Plan(f"replay of {into}", arguments, directory.with_suffix(".log"), environment={f"ANABRANCH_{k}": v for k, v in values.items()})


async def _stop(child: Child, task: "asyncio.Task[None]") -> None:
    await child.stop()
    await asyncio.wait([task])


def _tell(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
