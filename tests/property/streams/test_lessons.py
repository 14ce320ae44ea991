"""What went wrong in a platform before this one, each as a law of the fold."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event, encode_event
from schemas.messages import SessionCount
from tests.property.streams.world import Client, Worker, live_rows
from tests.unit.streams.domain import scene
from tests.unit.streams.domain.scene import event, messages, plain, record, row, tell, update

_STATUSES = ("todo", "in_progress", "done", "cancelled")


def _client(worker: Worker) -> Client:
    """Let all windows close and return what a reader holds then."""
    worker.settle()
    return Client().apply(worker.sent)


@given(st.lists(st.sampled_from(_STATUSES), min_size=1, max_size=40))
def test_a_batch_always_leaves(statuses: list[str]) -> None:
    """Nobody has to ask or to force: each agent's change is out when its window ends, however few or many came."""
    worker = Worker()
    tell(worker, *(event("task t", "patch" if n else "create", {"status": status}, id=f"{n}") for n, status in enumerate(statuses)))
    worker.now_ms += worker.rules.window_ms
    worker.flush()

    assert worker.windows.oldest_offset() is None
    assert Client().apply(worker.sent).live()["task", "p", "t"]["status"] == statuses[-1]


@given(st.lists(st.sampled_from(_STATUSES), min_size=2, max_size=20))
def test_a_second_change_of_a_task_is_never_a_duplicate(statuses: list[str]) -> None:
    """Only the same event again is a duplicate: equal entity, action, person and even content within a moment are two changes."""
    worker = Worker()
    tell(worker, event("task t"))
    changes = [event("task t", "patch", {"status": status}, id=f"{n}", source="user", user_id="u") for n, status in enumerate(statuses)]
    told = tell(worker, *changes)

    assert [plain(update(out).payload.data.primary)["status"] for out in told] == statuses
    assert row(worker, "task t").stamp == len(statuses)


def test_the_same_event_again_is_one_change() -> None:
    """A retry of a producer moves no count and no stamp."""
    worker = Worker()
    one = event("task t", data={"status": "done"}, branch_id="b", source="user")
    tell(worker, one)
    before = dict(worker.store.values)
    assert tell(worker, one, one) == []

    assert {key: value for key, value in worker.store.values.items() if value != before[key]}.keys() == {b"offset/3"}


@given(st.integers(2, 9), st.booleans())
def test_a_delete_counts_down_by_one(tasks: int, by_person: bool) -> None:  # noqa: FBT001  drawn
    """The task's delete and its branch's new counts are one change, whichever way it is told: readers are given totals, no steps."""
    worker = Worker()
    source = "user" if by_person else "mcp-ai"
    tell(worker, *(event(f"task {n}", branch_id="b") for n in range(tasks)))
    gone = event("task 0", "delete", source=source)
    tell(worker, gone, event("branch b", "patch", {"name": "renamed"}, source=source), gone)
    held = _client(worker)

    assert held.live()["branch", "p", "b"]["total_tasks"] == held.live()["project", "p", "p"]["total_tasks"] == tasks - 1
    assert held.live() == live_rows(worker.store)


def test_one_change_is_told_once_and_in_its_own_name() -> None:
    """One message for one event, by the person who made it: never a second one by `system`."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"))
    told = [update(out) for out in tell(worker, event("task t", "delete", id="e", source="user", user_id="u"))]

    assert [(one.id, one.metadata.source, one.metadata.user_id) for one in told] == [("e", "user", "u")]


def test_counts_come_with_the_change() -> None:
    """A change of a task brings its branch's and project's new counts along: nothing must be reloaded."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"))
    (out,) = tell(worker, event("task u", data={"status": "done"}, branch_id="b", source="user"))
    cascade = update(out).payload.data.cascade

    counts = [(plain(raw)["total_tasks"], plain(raw)["completed_tasks"]) for raw in (*cascade.branches, *cascade.projects)]
    assert counts == [(2, 1), (2, 1)]


@given(st.lists(st.sampled_from([b"", b"{", b"null", b'{"id":1}', b"\xff"]), min_size=1, max_size=5), st.integers(0, 5))
def test_a_broken_record_stops_nothing(poison: list[bytes], before: int) -> None:
    """What comes behind it is folded and told, in the same batch."""
    worker = Worker()
    values: list[Event | bytes] = [*(event(f"task {n}") for n in range(before)), *poison, event("task last", source="user")]
    step = worker.take([record(offset, value) for offset, value in enumerate(values)])

    assert [letter.record.value for letter in step.dead] == poison
    assert row(worker, "task last").stamp == len(values) - 1
    assert ("task", "p", "last") in _client(worker).live()


def test_a_delete_is_gone_everywhere() -> None:
    """A task's delete takes it from its row, its branch, its project and its subtasks at once: no second copy goes on."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b"), event("subtask s", task_id="t"), event("task t", "delete"))
    held = _client(worker).live()

    assert not [key for key in held if key[0] in {"task", "subtask"}]
    assert [held[key][name] for key in held for name in ("total_tasks", "total_subtasks")] == [0, 0, 0, 0]


def test_a_delete_says_what_was_deleted() -> None:
    """The tombstone names the project, so that whoever may see it can be told after the row is gone."""
    worker = Worker()
    tell(worker, event("task t", branch_id="b", data={"title": "Fix"}))
    (out,) = tell(worker, event("task t", "delete", source="user"))
    message = update(out)

    assert (out.key, message.stream, plain(message.payload.data.primary)["project_id"]) == (b"p", "project:p", "p")
    assert [plain(raw)["id"] for raw in message.payload.data.cascade.branches] == ["b"]


def test_a_batch_names_everybody() -> None:
    """Several sessions in one window are each named with their count: the first is not made the author of all."""
    worker = Worker()
    tell(worker, *(event(f"task {n}", session_id=f"s{n % 2}", user_id=f"u{n % 2}") for n in range(5)))
    worker.settle()
    merged = scene.bulk(worker.sent[-1]).metadata.merged

    assert merged
    assert sorted(merged.sessions, key=lambda one: one.session_id or "") == [SessionCount(3, "s0", "u0"), SessionCount(2, "s1", "u1")]


def test_a_cascade_has_whole_rows_and_only_changed_ones() -> None:
    """Renaming a branch of many tasks brings branch and project, not every task; what it brings are rows, not ids."""
    worker = Worker()
    tell(worker, *(event(f"task {n}", branch_id="b") for n in range(30)))
    worker.settle()
    (out,) = tell(worker, event("branch b", "patch", {"name": "new"}, source="user"))
    data = update(out).payload.data

    assert (plain(data.primary)["name"], plain(data.primary)["total_tasks"]) == ("new", 30)
    assert (data.cascade.tasks, data.cascade.subtasks) == ([], [])
    assert all("digest" in plain(raw) for raw in data.cascade.projects)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(_STATUSES)), min_size=2, max_size=30))
def test_the_newest_row_wins(changes: list[tuple[int, str]]) -> None:
    """Merging keeps the last row of each key, never the first, and loses no key."""
    worker = Worker()
    tell(worker, *(event(f"task {task}", data={"status": status}, id=f"{n}") for n, (task, status) in enumerate(changes)))
    held = _client(worker).live()

    assert {key[2]: held[key]["status"] for key in held if key[0] == "task"} == {f"{task}": status for task, status in changes}


def test_a_steady_stream_is_shown() -> None:
    """A window ends at its time and is not prolonged by what comes: changes without a pause are shown all the while."""
    worker = Worker()
    sent = []
    for n in range(40):
        worker.take([record(n, event("task t", "patch" if n else "create", {"title": f"{n}"}, id=f"{n}"))], later_ms=100)
        sent.append(len(worker.sent))

    assert all(sent[n] < sent[n + 6] for n in range(len(sent) - 6))


@given(st.permutations(["create", "delete", "create", "delete"]).map(lambda actions: actions[:3]))
def test_create_and_delete_in_one_window_keep_their_order(actions: list[str]) -> None:
    """What happened last is what is shown, and what else happened in the window is told beside it."""
    worker = Worker()
    tell(worker, event("task other"), event("task side"), *(event("task t", action, id=f"{n}") for n, action in enumerate(actions)))
    held = _client(worker).live()

    assert (("task", "p", "t") in held) == (actions[-1] == "create")
    assert {("task", "p", "other"), ("task", "p", "side")} <= held.keys()
    assert held == live_rows(worker.store)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["create", "delete", "done"])), max_size=30))
def test_subtask_counts_are_a_count(changes: list[tuple[int, str]]) -> None:
    """A task's stored subtask counts always equal a count of its subtasks; a row from before knows none and starts at 0."""
    worker = Worker()
    tell(worker, event("task t"))
    there: dict[int, bool] = {}
    for n, (name, action) in enumerate(changes):
        data = {"status": "done"} if action == "done" else {}
        tell(worker, event(f"subtask {name}", "delete" if action == "delete" else "create", data, task_id="t", id=f"{n}"))
        if action == "delete":
            there.pop(name, None)
        else:
            there[name] = action == "done"

    task = row(worker, "task t")
    assert (task.total_subtasks, task.completed_subtasks) == (len(there), sum(there.values()))


def test_a_context_is_told_at_once() -> None:
    """A person's change of a context is in the very next message: nothing serves an older one in between."""
    worker = Worker()
    tell(worker, event("context c", data={"level": "task", "version": 1}))
    (*_, out) = tell(worker, event("context c", "patch", {"version": 2, "changed": ["rules"]}, source="user"))

    shown = plain(update(out).payload.data.primary)
    assert (shown["version"], shown["changed"]) == (2, ["rules"])


@given(st.sampled_from(["assignees", "labels", "dependencies"]), st.booleans())
def test_lists_are_lists_and_counts_are_numbers(name: str, said: bool) -> None:  # noqa: FBT001  drawn
    """Left out or null, a list is [] and a count is 0 in rows and messages; a word is a plain string."""
    worker = Worker()
    value = encode_event(event("task t", data={"title": "x"} | ({name: None} if said else {}), branch_id="b", source="user"))
    (out,) = worker.take([record(0, value)]).cascades
    data = update(out).payload.data
    task, branch = plain(data.primary), plain(data.cascade.branches[0])

    assert (task[name], task["total_subtasks"], branch["completed_tasks"]) == ([], 0, 0)
    assert (task["status"], branch["status_breakdown"]) == ("todo", {"todo": 1})
    assert msgspec.json.decode(worker.store.values[b"task/p/t"])[name] == []


def test_every_message_can_be_told_apart() -> None:
    """Ids and positions are the log's, never drawn: no two messages share one, and positions never go back."""
    worker = Worker()
    for n in range(30):
        tell(worker, event(f"task {n % 7}", "update", id=f"{n}", source="user" if n % 3 else "mcp-ai"))
    worker.settle()
    told = messages(worker.sent)

    assert len({one.id for one in told}) == len(told)
    assert [one.metadata.position.offset for one in told] == sorted(one.metadata.position.offset for one in told)
