"""What `anabranch doctor` looks at. Shell: each check looks, and has the finding made."""

import asyncio
import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from broker.admin import describe_topics, plan_topics
from broker.clock import broker_time_ms
from broker.connection import KafkaSettings
from broker.epoch import end_offsets
from broker.group import Group, describe_group
from broker.instance import read_instance
from broker.java import find_java
from broker.parts import running_parts
from broker.rights import Rights, ask_rights
from broker.roles import load_roles
from broker.topics import Profile
from cli.operate import findings
from cli.operate.asking import ask_all
from cli.operate.findings import Finding
from cli.options import application_id
from cli.plural import counted
from schemas.failure import Failure
from schemas.topics import DLQ, TASK_CHANGES, TOPICS
from streams.letter_box import read_letters

_PYTHONS: Final = ((3, 11), (3, 12))


@dataclass(frozen=True)
class Scope:
    """What to examine. max_lag: events that may wait. max_skew_ms: of the clock. files: descriptors that a process needs.

    clock: ours, in milliseconds since 1970.
    """

    settings: KafkaSettings
    data: Path
    role: str
    profile: Profile
    max_lag: int = 10_000
    max_skew_ms: int = 1_000
    files: int = 1_024
    min_free_mib: int = 512
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000


async def examine(scope: Scope) -> list[Finding]:
    """Return all findings, those of Kafka first. Checks that need Kafka are left out where it does not answer."""
    found = await _kafka(scope)
    for check in (_disk, _secrets, _files, _versions):
        found += check(scope)
    return found + await _ports(scope)


async def _kafka(scope: Scope) -> list[Finding]:
    try:
        rights = await ask_rights(scope.settings, application_id())
    except Failure as failure:
        return [Finding("kafka", "fail", str(failure), "Nothing else about Kafka was checked.")]
    (role,) = [one for one in load_roles() if one.name == scope.role]
    found = [findings.of_version(rights, scope.settings.bootstrap), *findings.of_rights(rights, role)]
    found += await _allowed("topics", rights, lambda: _topics(scope))
    if rights.topics.keys() == set(TOPICS):
        found += await _allowed("lag", rights, lambda: _log(scope, rights))
        found += await _allowed("dead letters", rights, lambda: _letters(scope))
    return found + await _tried("clock", lambda: _clock(scope, rights))


async def _allowed(check: str, rights: Rights, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    """Look, unless this user may not: then that is said, and is no fault."""
    withheld = findings.of_withheld(check, rights)
    return await _tried(check, look) if withheld is None else [withheld]


async def _tried(check: str, look: Callable[[], Awaitable[list[Finding]]]) -> list[Finding]:
    try:
        return await look()
    except Failure as failure:
        return [Finding(check, "fail", str(failure), "This was not checked.")]


async def _topics(scope: Scope) -> list[Finding]:
    return findings.of_topics(await plan_topics(scope.settings, scope.profile), scope.profile)


async def _log(scope: Scope, rights: Rights) -> list[Finding]:
    group = await describe_group(scope.settings, application_id())
    return [findings.of_lag(group, scope.max_lag), *await _allowed("retention", rights, lambda: _retention(scope, group))]


async def _retention(scope: Scope, group: Group) -> list[Finding]:
    (log,) = await describe_topics(scope.settings, [TASK_CHANGES])
    return findings.of_history(group, int(log.config.get("retention.ms", "-1")))


async def _letters(scope: Scope) -> list[Finding]:
    kept = sum((await end_offsets(scope.settings, DLQ)).values())
    letters = await read_letters(scope.settings) if kept else []
    return [findings.of_letters(len(letters), sum(letter.state == "open" for letter in letters))]


async def _clock(scope: Scope, rights: Rights) -> list[Finding]:
    if not findings.may_make_topics(rights):
        return [Finding("clock", "warn", "The clock was not compared: this user may not make a topic.", "Compare it by other means.")]
    before = scope.clock()
    theirs = await broker_time_ms(scope.settings)
    after = scope.clock()
    skew = 0 if before <= theirs <= after else before - theirs if theirs < before else after - theirs
    return [findings.of_clock(skew, scope.max_skew_ms)]


def _disk(scope: Scope) -> list[Finding]:
    path = next(folder for folder in (scope.data.resolve(), *scope.data.resolve().parents) if folder.is_dir())
    usage = shutil.disk_usage(path)
    return [findings.of_disk(str(path), usage.free, usage.total, scope.min_free_mib)]


def _secrets(scope: Scope) -> list[Finding]:
    folder = scope.data / "secrets"
    found = []
    for path in sorted([folder, *folder.iterdir()]) if folder.is_dir() else ():
        known = path.stat()
        found.append(findings.of_secret(str(path), known.st_mode, owner_is_us=known.st_uid == os.getuid()))
    return found


def _files(scope: Scope) -> list[Finding]:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [findings.of_files(sys.maxsize if soft == resource.RLIM_INFINITY else soft, scope.files)]


def _versions(scope: Scope) -> list[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    found = [
        Finding("versions", "ok", f"Python {python}, rocksdict {version('rocksdict')}, faust-streaming {version('faust-streaming')}.")
        if sys.version_info[:2] in _PYTHONS
        else Finding("versions", "fail", f"Python {python} is not tested.", "Use Python 3.11 or 3.12.")
    ]
    if (scope.data / "kafka").is_dir():  # only the embedded broker needs it
        try:
            found.append(Finding("versions", "ok", f"Java {find_java().version}."))
        except Failure as failure:
            found.append(Finding("versions", "fail", str(failure), "Install Java 17 or newer."))
    return found


async def _ports(scope: Scope) -> list[Finding]:
    instance = read_instance(scope.data)
    parts = running_parts(scope.data)
    found = []
    for answer in await ask_all(parts, ()):
        if answer.health is None:
            do = "Look at its log; restart it if it stands still."
            found.append(Finding("ports", "fail", f"The {answer.part.kind} at {answer.part.private_url} does not answer.", do))
    if instance is not None and instance.url is not None and not await _listens(instance.url):
        found.append(Finding("ports", "fail", f"Nobody listens at {instance.url}, where the edge should.", "Restart the edge."))
    return found or [Finding("ports", "ok", f"{counted(len(parts), 'part')} of {scope.data} running; each private port answers.")]


async def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(3.0):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port, family=socket.AF_UNSPEC)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
