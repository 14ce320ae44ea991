"""What `anabranch doctor` makes of what it saw: each finding says what is wrong and what to do. Pure."""

import stat
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from broker.group import Group
from broker.rights import Rights
from broker.roles import Operation, Right, Role
from broker.topics import Action, Configure, Create, Refuse
from cli.plural import counted
from schemas.topics import DLQ, TASK_CHANGES, TASK_STATE, TOPICS

Level = Literal["ok", "warn", "fail"]
MIB: Final = 1024 * 1024
_FULL: Final = 0.05
_SCARCE: Final = 0.15
_PRIVATE: Final = stat.S_IRWXG | stat.S_IRWXO

LOOKS: Final[Mapping[str, tuple[Right, ...]]] = {
    "topics": tuple(Right("topic", name, ("DescribeConfigs",)) for name in TOPICS),
    "lag": (Right("topic", TASK_CHANGES, ("Describe",)), Right("group", "", ("Describe",))),
    "retention": (Right("topic", TASK_CHANGES, ("DescribeConfigs",)),),
    "dead letters": (Right("topic", DLQ, ("Read",)), Right("topic", TASK_STATE, ("Read",))),
}
"""What a check itself must be allowed, by its name. The group is that of the workers, whatever it is called."""

_VERBS: Final[Mapping[Operation, str]] = {
    "Read": "read",
    "Write": "write",
    "Create": "create",
    "Describe": "describe",
    "DescribeConfigs": "describe the settings of",
    "AlterConfigs": "alter the settings of",
}


class Finding(Struct):
    """One finding. what: a sentence about what is. do: what to do about it, "" where nothing is to be done."""

    check: str
    level: Level
    what: str
    do: str = ""


def of_version(rights: Rights, bootstrap: str) -> Finding:
    """Judge the brokers."""
    what = f"{counted(rights.brokers, 'broker')} at {bootstrap}"
    if rights.recent:
        return Finding("kafka", "ok", f"{what} with Kafka 3.9 or newer.")
    return Finding("kafka", "fail", f"{what} older than Kafka 3.9.", "Upgrade the brokers: nothing older is tested.")


def of_topics(actions: Iterable[Action], profile: str) -> list[Finding]:
    """Judge the topics against topics.yaml."""
    apply = f"Run `anabranch topics apply --profile {profile}`."
    found = []
    for action in actions:
        match action:
            case Create(topic):
                found.append(Finding("topics", "fail", f"The topic {topic.name} does not exist.", apply))
            case Configure(name, changes):
                texts = ", ".join(f"{key} is {now}, wanted {wanted}" for key, (now, wanted) in changes.items())
                found.append(Finding("topics", "fail", f"The topic {name} is set up otherwise: {texts}.", apply))
            case Refuse(_, sentence):
                found.append(Finding("topics", "fail", sentence, "Name the right --profile, or see docs/runbooks/more-partitions.md."))
            case _:
                pass
    return found or [Finding("topics", "ok", f"All topics are as topics.yaml wants them ({profile}).")]


def of_rights(rights: Rights, role: Role) -> list[Finding]:
    """Judge whether this user can do what a role must do. A topic that does not exist is no question of rights."""
    found = []
    for right in role.rights:
        if missing := _missing(rights, right):
            what = f"This user may not {_said(right, missing)}; the {role.name} must."
            do = f"Allow {', '.join(missing)} on the {right.kind} (deploy/kafka/roles.yaml), or name another --role."
            found.append(Finding("rights", "fail", what, do))
    given = "; ".join(_said(right, right.operations) for right in role.rights)
    return found or [Finding("rights", "ok", f"This user may do all that the {role.name} must: {given}.")]


def of_withheld(check: str, rights: Rights) -> Finding | None:
    """Return a warning when this user may not look at what a check looks at; None when it may."""
    withheld = [_said(right, missing) for right in LOOKS[check] if (missing := _missing(rights, right))]
    if not withheld:
        return None
    return Finding(
        check, "warn", f"Not checked: this user may not {'; '.join(withheld)}.", "Run it as a user who may: see the role operator."
    )


def _missing(rights: Rights, right: Right) -> tuple[Operation, ...]:
    given = rights.group if right.kind == "group" else rights.topics.get(right.name, frozenset(right.operations))
    return tuple(one for one in right.operations if one not in given)


def _said(right: Right, operations: Sequence[Operation]) -> str:
    *most, last = (_VERBS[one] for one in operations)
    verbs = f"{', '.join(most)} and {last}" if most else last
    return f"{verbs} the group of the workers" if right.kind == "group" else f"{verbs} {right.name}"


def of_lag(group: Group, max_lag: int) -> Finding:
    """Judge the group: who reads, and how far behind."""
    lags = {number: end - group.committed.get(number, group.begins.get(number, 0)) for number, end in group.ends.items()}
    total = sum(max(0, lag) for lag in lags.values())
    if not group.members:
        level: Level = "fail" if total else "warn"
        return Finding("lag", level, f"No worker is in the group {group.name}; {total:,} events wait.", "Start one: `anabranch worker`.")
    if total > max_lag:
        worst = max(lags, key=lambda number: lags[number])
        what = f"{total:,} events wait, most in partition {worst} ({lags[worst]:,}); more than --max-lag {max_lag:,}."
        return Finding("lag", "fail", what, "See docs/runbooks/lag-growing.md; `anabranch status --watch` shows whether it shrinks.")
    return Finding("lag", "ok", f"{total:,} events wait; {counted(len(group.members), 'worker')} in the group, {group.state}.")


def of_history(group: Group, retention_ms: int) -> list[Finding]:
    """Judge whether the log still holds what is needed: all of it for a recount, and what no worker has read yet."""
    found = []
    lost = [number for number, begin in group.begins.items() if number in group.committed and group.committed[number] < begin]
    if lost:
        do = "Set retention.ms=-1 (`anabranch topics apply`), and restore a backup: docs/runbooks/backup-and-restore.md."
        found.append(Finding("retention", "fail", f"Partitions {lost}: events were deleted before a worker read them.", do))
    cut = [number for number, begin in group.begins.items() if begin > 0]
    if cut:
        do = "Recounts, replays and backups need the whole log: restore a backup, and keep retention.ms=-1."
        found.append(Finding("retention", "fail", f"Partitions {cut}: the first events are gone.", do))
    if retention_ms >= 0:
        days = retention_ms / 86_400_000
        do = "Set retention.ms=-1: `anabranch topics apply`."
        found.append(Finding("retention", "fail", f"task-changes forgets events after {days:g} days: rows could not be made anew.", do))
    return found or [Finding("retention", "ok", "task-changes holds every event since its beginning.")]


def of_letters(kept: int, opened: int) -> Finding:
    """Judge the dead letters. kept: records in the topic; opened: letters that wait for somebody."""
    if opened:
        return Finding(
            "dead letters", "fail", f"{opened} dead letters are open.", "See `anabranch dlq list` and docs/howto/dead-letters.md."
        )
    return Finding("dead letters", "ok", f"No dead letter is open ({kept} in the topic).")


def of_disk(path: str, free: int, total: int, min_free_mib: int) -> Finding:
    """Judge the disk under a directory (bytes)."""
    what = f"{free // MIB:,} MiB of {total // MIB:,} MiB are free under {path}."
    if free < min_free_mib * MIB or free < total * _FULL:
        return Finding("disk", "fail", what, "Free some space or move the directory: a worker stops when its disk is full.")
    if free < total * _SCARCE:
        return Finding("disk", "warn", what, "Plan for more: docs/howto/capacity.md.")
    return Finding("disk", "ok", what)


def of_clock(skew_ms: int, limit_ms: int) -> Finding:
    """Judge our clock against a broker's. skew_ms: ours minus theirs, as far as the round trip lets it be known."""
    what = f"This clock is {abs(skew_ms)} ms {'ahead of' if skew_ms > 0 else 'behind'} the broker's."
    if abs(skew_ms) > limit_ms:
        return Finding("clock", "fail", what, "Set the clocks by NTP: windows, token times and activity are told by them.")
    return Finding("clock", "ok", what)


def of_secret(path: str, mode: int, *, owner_is_us: bool) -> Finding:
    """Judge who can read a secret. mode: of the file."""
    if mode & _PRIVATE:
        return Finding("secrets", "fail", f"{path} can be read by others (mode {stat.S_IMODE(mode):04o}).", f"chmod go= {path}")
    if not owner_is_us:
        return Finding("secrets", "warn", f"{path} belongs to another user.", "Run parts and commands as one user.")
    return Finding("secrets", "ok", f"{path} is readable by its user only.")


def of_files(soft: int, needed: int) -> Finding:
    """Judge how many files and sockets a process may have open."""
    if soft < needed:
        do = f"Raise it before an edge starts: `ulimit -n {needed}`, or LimitNOFILE={needed} for systemd."
        return Finding("files", "fail", f"A process may have {soft} files open; every WebSocket needs one.", do)
    return Finding("files", "ok", f"A process may have {soft:,} files open.")


def may_make_topics(rights: Rights) -> bool:
    """Say whether this user may make a topic."""
    return "Create" in rights.cluster
