"""`anabranch dlq`: dead letters, the records that could not be applied: look at them, replay or drop them."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from broker.connection import KafkaSettings
from broker.reach import quiet_clients
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings
from cli.plural import counted
from schemas.failure import UsageFailure
from streams.letter_box import Letter, mended, notice, read_letters, settle

app: Final = typer.Typer(help="See, replay or drop the dead letters: records that could not be applied.", no_args_is_help=True)

Project = Annotated[str | None, typer.Option("--project", metavar="ID", help="Only letters of this project.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Letters, as `dlq list` names them: partition/offset.")]
Every = Annotated[bool, typer.Option("--all", help="All open letters.")]
_SHOWN: Final = 2_000


@app.command("list")
def list_(
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    project: Project = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Closed ones, too.")] = False,
    as_json: Json = False,
) -> None:
    """List the letters that wait for somebody, oldest first."""
    letters = [one for one in _read(kafka_settings(data, kafka)) if (every or one.state != "closed") and project in {None, one.project}]
    if as_json:
        sys.stdout.write(msgspec.json.encode([_plain(one) for one in letters]).decode() + "\n")
        return
    for one in letters:
        sys.stdout.write(f"{one.id:<12} {one.state:<9} {_time(one.first_seen_ms)}  {one.project}  {one.reason}: {one.detail}\n")
    sys.stdout.write(f"{counted(len(letters), 'dead letter')}.\n")


@app.command("show")
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="The letter, as `dlq list` names it.")],
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    *,
    as_json: Json = False,
) -> None:
    """Show one letter with the record as it came."""
    letter = _named(_by_id(_read(kafka_settings(data, kafka))), letter_id)
    value = (letter.value or b"").decode(errors="backslashreplace")
    if as_json:
        sys.stdout.write(msgspec.json.encode({**_plain(letter), "value": value}).decode() + "\n")
        return
    for name, text in _plain(letter).items():
        sys.stdout.write(f"{name}: {text}\n")
    sys.stdout.write(f"\n{value[:_SHOWN]}{'…' if len(value) > _SHOWN else ''}\n")


@app.command("replay")
def replay(
    ids: Ids = None,
    data: Data = DEFAULT_DATA,
    kafka: Kafka = None,
    value: Annotated[Path | None, typer.Option("--value", metavar="FILE", help="The mended event, for one letter.")] = None,
    *,
    every: Every = False,
    as_json: Json = False,
) -> None:
    """Send letters again, mended or with a worker that can read them by now. A row that changed since is left as it is."""
    settings = kafka_settings(data, kafka)
    letters = _by_id(_read(settings))
    chosen = _chosen(letters, ids, None, every=every)
    if value is not None and len(chosen) != 1:
        raise UsageFailure("--value is the event of one letter: name exactly one.")
    event = None if value is None else _event(value)
    _settle(settings, letters, {one: mended(letters[one], event) for one in chosen}, "replay", as_json=as_json)


@app.command("drop")
def drop(
    ids: Ids = None, data: Data = DEFAULT_DATA, kafka: Kafka = None, project: Project = None, *, every: Every = False, as_json: Json = False
) -> None:
    """Close letters without applying them."""
    settings = kafka_settings(data, kafka)
    letters = _by_id(_read(settings))
    chosen = _chosen(letters, ids, project, every=every)
    _settle(settings, letters, {one: notice(letters[one]) for one in chosen}, "drop", as_json=as_json)


def _event(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise UsageFailure(f"{path} cannot be read ({error.strerror}): give the file of the mended event.") from None


def _settle(settings: KafkaSettings, letters: Mapping[str, Letter], values: dict[str, bytes], action: str, *, as_json: bool) -> None:
    with quiet_clients():
        offsets = asyncio.run(settle(settings, values, letters, action)) if values else {}
    if as_json:
        sys.stdout.write(msgspec.json.encode({"action": action, "letters": offsets}).decode() + "\n")
        return
    for name, offset in offsets.items():
        sys.stdout.write(f"{name}: {'sent again' if action == 'replay' else 'dropped'} by the record at offset {offset}\n")
    sys.stdout.write(f"{counted(len(offsets), 'letter')}; closed as soon as the worker has read what was sent.\n")


def _read(settings: KafkaSettings) -> list[Letter]:
    with quiet_clients():
        return asyncio.run(read_letters(settings))


def _by_id(letters: list[Letter]) -> dict[str, Letter]:
    return {one.id: one for one in letters}


def _named(letters: Mapping[str, Letter], name: str) -> Letter:
    if name not in letters:
        raise UsageFailure(f"There is no dead letter {name}: see `anabranch dlq list --all`.")
    return letters[name]


def _chosen(letters: Mapping[str, Letter], ids: list[str] | None, project: str | None, *, every: bool) -> list[str]:
    if bool(ids) == every:
        raise UsageFailure("Name letters, or all open ones with --all.")
    if not every:
        return [_named(letters, name).id for name in ids or ()]
    return [one.id for one in letters.values() if one.state == "open" and project in {None, one.project}]


def _plain(letter: Letter) -> dict[str, object]:
    return {
        "id": letter.id,
        "state": letter.state,
        "project": letter.project,
        "reason": letter.reason,
        "detail": letter.detail,
        "first_seen": _time(letter.first_seen_ms),
        "bytes": len(letter.value or b""),
    }


def _time(ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))
