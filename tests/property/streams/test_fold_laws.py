"""The laws of the fold: counts, batches, replays, messages."""

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from audit.fold import Fold as Recount
from audit.intake import Record as AuditRecord
from audit.tally import Expected
from schemas.rows import encode_row
from schemas.topics import split_key
from streams.domain.node import public_bytes
from streams.domain.records import Record
from streams.domain.rules import Rules
from streams.domain.tally import shown
from tests.property.streams.strategies import cuts, logs
from tests.property.streams.world import Client, Store, Worker, live_rows

ALL_AT_ONCE = Rules(ai_batch=False)
SHORT = Rules(max_message_bytes=900)
"""Few changes with their cascade fit: most travel in parts."""


@st.composite
def cut_logs(draw: st.DrawFn) -> tuple[list[Record], list[int]]:
    """Draw a log and where it is cut."""
    log = draw(logs())
    return log, draw(cuts(len(log)))


@given(logs())
def test_fold_equals_a_recount(log: list[Record]) -> None:
    """The rows equal those of a recount that was written apart, tombstones included."""
    worker = Worker().run(log)
    recount = Recount()
    for record in log:
        recount.take(AuditRecord(record.offset, record.timestamp_ms, record.key, record.value, record.headers))
    expected = Expected(recount)

    counted = [key for key in worker.store.values if not key.startswith(b"offset/")]
    ours = {split_key(key): public_bytes(node) for key in counted if (node := worker.store.get(key)) is not None}
    assert {key: row for key, row in ours.items() if key not in expected.optional} == {
        key: encode_row(row) for key, row in expected.rows.items() if key not in expected.optional
    }


@given(cut_logs())
def test_tallies_are_what_is_there(cut_log: tuple[list[Record], list[int]]) -> None:
    """Branches count their live tasks, projects their branches, tasks their subtasks; each breakdown sums to the total."""
    rows = live_rows(Worker().run(*cut_log).store)

    for (kind, project_id, row_id), row in rows.items():
        tasks = [task for (of, project, _), task in rows.items() if of == "task" and project == project_id]
        if kind == "task":
            below = [
                sub for (of, project, _), sub in rows.items() if of == "subtask" and project == project_id and sub["task_id"] == row_id
            ]
            assert (row["total_subtasks"], row["completed_subtasks"]) == (len(below), sum(sub["status"] == "done" for sub in below))
            assert ("branch", project_id, row["branch_id"]) in rows
            assert all(sub["branch_id"] == row["branch_id"] for sub in below)
        if kind == "subtask":
            assert ("task", project_id, row["task_id"]) in rows
        if kind == "branch":
            _check_tally(row, [task for task in tasks if task["branch_id"] == row_id])
        if kind == "project":
            _check_tally(row, tasks)
            assert row["total_branches"] == sum(of == "branch" and project == project_id for of, project, _ in rows)


def _check_tally(row: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
    statuses = Counter(task["status"] for task in tasks)
    assert row["total_tasks"] == len(tasks) == sum(row["status_breakdown"].values()) == sum(row["priority_breakdown"].values())
    assert row["completed_tasks"] == statuses["done"]
    assert row["in_progress_tasks"] == statuses["in_progress"]
    assert row["active_tasks"] == len(tasks) - statuses["cancelled"] - statuses["archived"]
    assert row["total_subtasks"] == sum(task["total_subtasks"] for task in tasks)
    assert row["completed_subtasks"] == sum(task["completed_subtasks"] for task in tasks)


@given(cut_logs())
def test_batches_do_not_matter(cut_log: tuple[list[Record], list[int]]) -> None:
    """However a log is cut into batches, the rows are the same to the byte, memory included."""
    log, places = cut_log

    assert Worker().run(log, places).store.values == Worker().run(log).store.values


@given(cut_logs(), st.sampled_from([1, 100, 700]), st.sampled_from([Rules(), Rules(max_message_bytes=3000), SHORT, ALL_AT_ONCE]))
def test_messages_tell_everything(cut_log: tuple[list[Record], list[int]], later_ms: int, rules: Rules) -> None:
    """A reader who applies every message in order holds exactly the live rows, never goes back, and no stamp has two contents."""
    worker = Worker(rules=rules).run(*cut_log, later_ms=later_ms)
    worker.settle()

    assert Client().apply(worker.sent).live() == live_rows(worker.store)
    assert worker.windows.oldest_offset() is None


@given(cut_logs())
def test_each_message_is_a_true_moment(cut_log: tuple[list[Record], list[int]]) -> None:
    """After each message a reader's project is as the log left it at the message's position."""
    worker = Worker().run(*cut_log)
    worker.settle()
    client = Client()
    for out in worker.sent:
        client.apply([out])
        end = client.ends.get(out.key.decode())
        if end is not None and '"part":' not in (out.value or b"").decode():
            then = live_rows(Worker().run([record for record in cut_log[0] if record.offset < end]).store)
            name = out.key.decode()
            assert {k: r for k, r in client.live().items() if k[1] == name} == {k: r for k, r in then.items() if k[1] == name}


@given(cut_logs(), st.data())
def test_a_replay_changes_nothing_and_tells_again(cut_log: tuple[list[Record], list[int]], data: st.DataObject) -> None:
    """Records below `through` leave every row as it is; those whose event the row took in last are written and told again."""
    log, _ = cut_log
    worker = Worker().run(log)
    before = dict(worker.store.values)
    begin = data.draw(st.integers(0, len(log) - 1))
    again = Worker(Store(before))

    result = again.take(log[begin:])
    again.settle()

    assert again.store.values == before
    assert not result.hints
    stamped = {key for key, row in live_rows(worker.store).items() if row["stamp"] >= log[begin].offset}
    assert stamped <= {split_key(key) for key in result.rows}
    assert stamped <= set(Client().apply(again.sent).live())


@given(cut_logs(), st.sampled_from([1, 100]))
def test_every_change_at_once_without_windows(cut_log: tuple[list[Record], list[int]], later_ms: int) -> None:
    """With the windows off, nothing ever waits."""
    worker = Worker(rules=ALL_AT_ONCE)
    log, places = cut_log
    for begin, end in pairwise([0, *places, len(log)]):
        applied = worker.take(log[begin:end], later_ms) if log[begin:end] else None
        poisoned = applied is not None and applied.dead
        assert poisoned or worker.windows.oldest_offset() is None


def test_shown_keeps_the_sum() -> None:
    """A breakdown of more than 16 names shows the known ones, the largest, and `other` for the rest."""
    whole = {f"own-{number:02}": number + 1 for number in range(17)} | {"todo": 1, "other": 5}

    short = shown(whole, ("todo",))

    assert sum(short.values()) == sum(whole.values())
    assert len(short) == 16  # one of them is called `other`
    assert short["todo"] == 1
    assert msgspec.json.decode(msgspec.json.encode(short)) == short
