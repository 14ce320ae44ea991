"""From two looks at Kafka, workers and edges to one picture: a row for each partition and each edge. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from broker.group import Group
from cli.operate.asking import Answer

SILENT: Final = "owner silent"
TODO: Final = {
    "no owner": "start a worker (docs/runbooks/worker-down.md)",
    SILENT: "look at its worker (docs/runbooks/worker-down.md), or name the private port of one elsewhere by --ask",
    "stands still": "see docs/runbooks/lag-growing.md",
    "kafka lost": "see docs/runbooks/kafka-unreachable.md",
    "rebalancing": "it goes on by itself",
    "restoring": "it goes on by itself (docs/runbooks/restore-long.md)",
    "two owners": "see docs/runbooks/sole-writer-conflict.md",
}
"""What to do about a partition that does not run."""


@dataclass(frozen=True)
class Look:
    """What was there at one moment. at: seconds of a steady clock. epochs: by partition, as `task-state` begins."""

    at: float
    group: Group
    answers: Sequence[Answer]
    epochs: Mapping[int, str]


class PartitionRow(Struct):
    """One partition of the log. None: nobody could be asked. written_per_s: events that came; events_per_s: events that became durable."""

    partition: int
    owner: str | None
    state: str
    end: int
    lag: int
    written_per_s: float | None
    events_per_s: float | None
    open_windows: int | None
    store_bytes: int | None
    epoch: str
    standby: list[str]


class EdgeRow(Struct):
    """One edge. applied: end of `cascades` that it has read, by partition. behind_events: of `task-changes` not in its rows yet."""

    url: str
    private_url: str
    state: str
    connections: int | None
    applied: dict[str, int]
    behind_events: int | None
    lag_records: int | None


class Picture(Struct):
    """All of it. problems: sentences for a person, none when all is well."""

    kafka: str
    brokers: int
    group: str
    group_state: str
    workers: int
    partitions: list[PartitionRow]
    edges: list[EdgeRow]
    problems: list[str]


def picture(kafka: str, before: Look | None, now: Look) -> Picture:
    """Return the picture of now; rates need a look before."""
    workers = [answer for answer in now.answers if answer.part.kind == "worker"]
    edges = [edge_row(answer, now.group.ends) for answer in now.answers if answer.part.kind == "edge"]
    rows = [partition_row(number, before, now) for number in sorted(now.group.ends)]
    problems = [
        *worker_problems(workers),
        *partition_problems(rows),
        *(f"The edge {one.url} is {one.state}: see {_of_edge(one.state)}." for one in edges if one.state != "live"),
    ]
    return Picture(kafka, now.group.brokers, now.group.name, now.group.state, len(now.group.members), rows, edges, problems)


def partition_row(number: int, before: Look | None, now: Look) -> PartitionRow:
    """Return a partition's row: from its worker where one answers, else from what Kafka knows of the group."""
    owners = [answer for answer in now.answers if str(number) in _partitions(answer)]
    told = _partitions(owners[0])[str(number)] if owners else {}
    member = now.group.owner(number)
    end = now.group.ends[number]
    return PartitionRow(
        partition=number,
        owner=", ".join(map(name_of, owners)) or (None if member is None else f"{member.host} (does not answer)"),
        state=_state(number, owners, now),
        end=end,
        lag=max(0, end - durable(number, now)),
        written_per_s=_rate(before, now, lambda look: look.group.ends.get(number, 0)),
        events_per_s=_rate(before, now, lambda look: durable(number, look)),
        open_windows=told.get("windows"),
        store_bytes=told.get("store_bytes"),
        epoch=now.epochs.get(number, ""),
        standby=[name_of(answer) for answer in now.answers if number in (answer.health or {}).get("standbys", ())],
    )


def durable(number: int, look: Look) -> int:
    """Return the end of what is durable: as the owner says, else as it was committed."""
    told = [
        ends["read"] if ends["taken"] == ends["durable"] else ends["durable"]
        for one in look.answers
        if (ends := _partitions(one).get(str(number)))
    ]
    return max([look.group.committed.get(number, look.group.begins.get(number, 0)), *told])


def _rate(before: Look | None, now: Look, value: Callable[[Look], int]) -> float | None:
    if before is None or now.at <= before.at:
        return None
    return round(max(0, value(now) - value(before)) / (now.at - before.at), 1)


def _state(number: int, owners: Sequence[Answer], now: Look) -> str:
    if len(owners) > 1:
        return "two owners"
    if owners:
        health = owners[0].health or {}
        if health["problem"]:
            return "stands still"
        return "kafka lost" if not health["kafka_up"] else "running" if health["ready"] else "rebalancing"
    if any(number in (answer.health or {}).get("restoring", ()) for answer in now.answers):
        return "restoring"
    return "no owner" if now.group.owner(number) is None else SILENT


def worker_problems(workers: Sequence[Answer]) -> list[str]:
    """Return a sentence for each worker that does not answer or says that something is wrong."""
    silent = [f"The worker at {one.part.private_url} does not answer: look at its log." for one in workers if one.health is None]
    return silent + [f"The worker {name_of(one)}: {one.health['problem']}." for one in workers if one.health and one.health["problem"]]


def partition_problems(rows: Sequence[PartitionRow]) -> list[str]:
    """Return a sentence for each state that is not well, with its partitions.

    An owner that cannot be asked from here is taken for well as long as nothing waits.
    """
    bad: dict[str, list[str]] = {}
    for row in rows:
        if row.state != "running" and (row.lag or row.state != SILENT):
            bad.setdefault(row.state, []).append(str(row.partition))
    return [
        f"{'Partition' if len(numbers) == 1 else 'Partitions'} {', '.join(numbers)}: {state}; {TODO[state]}."
        for state, numbers in sorted(bad.items())
    ]


def edge_row(answer: Answer, ends: Mapping[int, int]) -> EdgeRow:
    """Return an edge's row."""
    url = answer.part.url or answer.part.private_url
    if answer.health is None:
        return EdgeRow(url, answer.part.private_url, "silent", None, {}, None, None)
    places: dict[str, dict[str, int]] = answer.health["partitions"]
    stale = answer.metrics.get("edge_stale", 0.0) > 0
    behind = sum(max(0, ends.get(int(number), 0) - place["through"]) for number, place in places.items())
    return EdgeRow(
        url=url,
        private_url=answer.part.private_url,
        state="stale" if stale else "live" if answer.health["ready"] else "starting",
        connections=int(answer.metrics.get("websocket_connections_total", 0)),
        applied={number: place["applied"] for number, place in places.items()},
        behind_events=behind,
        lag_records=int(answer.metrics.get("edge_lag_records", 0)),
    )


def _of_edge(state: str) -> str:
    return f"docs/runbooks/{'edge-stale' if state == 'stale' else 'edge-not-ready'}.md"


def name_of(answer: Answer) -> str:
    """Return how a worker is called: its instance id, else its machine and process."""
    return str((answer.health or {}).get("instance") or answer.part.private_url)


def _partitions(answer: Answer) -> dict[str, dict[str, int]]:
    return (answer.health or {}).get("partitions", {}) if answer.part.kind == "worker" else {}
