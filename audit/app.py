"""The recount from its first record to its verdict. Composition root of `audit`."""

import asyncio
import time
from collections import Counter
from typing import Any

import msgspec
from msgspec import Struct

from audit.compare import Difference, Verdict, by_kind, compare_edge, compare_state
from audit.edge import Edge
from audit.fold import Fold
from audit.log import changes, check_topics, ends_of_changes, read_state
from audit.tally import Expected
from broker.connection import KafkaSettings
from broker.partitioner import partition_for


class Result(Struct):
    """What `anabranch verify` found. rows, agree: per place and kind. through: end of the recount per partition.

    outcomes: what the recount did with the events (applied, stale, late ...). skipped: rows of the edge newer than the recount.
    """

    ok: bool
    events: int
    through: dict[int, int]
    outcomes: dict[str, int]
    rows: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    agree: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    skipped: int = 0
    difference_count: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list)
    seconds: float = 0.0


async def run(settings: KafkaSettings, edge: Edge | None, wait_s: float, shown: int) -> Result:
    """Recount all partitions and compare with `task-state` and, where there is one, with the edge. Raises `Failure`.

    wait_s: how long worker and edge may take to reach the ends noted at start. shown: how many differences the result lists.
    """
    started = time.monotonic()
    state = Verdict("task-state")
    await check_topics(settings)
    cuts = await read_state(settings, await ends_of_changes(settings), wait_s)
    through = {number: cut.through for number, cut in cuts.items()}
    folds = {number: Fold() for number in cuts}
    async for number, record in changes(settings, through):
        folds[number].take(record)
    expected = {number: Expected(fold) for number, fold in folds.items()}
    for number, cut in cuts.items():
        compare_state(expected[number], cut.rows, state)
    verdicts = [state]
    if edge is not None:
        verdicts.append(await _ask(edge, expected, through, wait_s))
    outcomes: Counter[str] = sum((fold.outcomes for fold in folds.values()), Counter())
    events = sum(fold.events for fold in folds.values())
    result = Result(ok=True, events=events, through=through, outcomes=dict(outcomes))
    _add(result, verdicts, shown)
    result.seconds = round(time.monotonic() - started, 3)
    return result


async def _ask(edge: Edge, expected: dict[int, Expected], through: dict[int, int], wait_s: float) -> Verdict:
    verdict = Verdict("edge")
    projects = {key[1] for one in expected.values() for key in one.rows}
    ends = {project_id: through[partition_for(project_id, len(through))] for project_id in projects}
    answer: dict[str, Any] = await asyncio.to_thread(edge.bulk, ends, wait_s)
    compare_edge(expected.values(), answer, ends, verdict)
    return verdict


def _add(result: Result, verdicts: list[Verdict], shown: int) -> None:
    differences = [one for verdict in verdicts for one in verdict.differences]
    result.ok = not differences
    result.difference_count = len(differences)
    result.differences = differences[:shown]
    result.skipped = sum(verdict.skipped for verdict in verdicts)
    result.rows = {verdict.where: by_kind(verdict.rows) for verdict in verdicts}
    result.agree = {verdict.where: by_kind(verdict.agree) for verdict in verdicts}
