"""Rows of tables become changes of projects."""

from connectors.postgres.known import Memory
from connectors.postgres.mapping import load_mapping
from connectors.postgres.pgoutput import Row, RowChange, Truncate
from connectors.postgres.translate import Fact, Translator

Told = tuple[str, str, str, str, str | None]
TABLES = {"p": "projects", "b": "project_git_branchs", "t": "tasks", "s": "subtasks", "a": "task_assignees"}
PARENTS = {"p": "user_id", "b": "project_id", "t": "git_branch_id", "s": "task_id", "a": "task_id"}


class Database:
    """Tables whose rows are named by a letter and a number."""

    def __init__(self) -> None:
        self.memory = Memory(None)
        self.translator = Translator(load_mapping(None), self.memory)

    def put(self, row_id: str, parent: str, *, old: str | None = None, **more: str) -> list[Told]:
        """Insert or update a row; say what came of it."""
        new: Row = {"id": row_id, PARENTS[row_id[0]]: parent, "title": "T", "name": "N", "assignee_id": "@x", **more}
        before: Row = {} if old is None else {"id": old}
        return told(self.translator.take(RowChange(("public", TABLES[row_id[0]]), "update", new, before)))

    def drop(self, row_id: str) -> list[Told]:
        """Delete a row."""
        return told(self.translator.take(RowChange(("public", TABLES[row_id[0]]), "delete", {}, {"id": row_id})))


def told(facts: list[Fact]) -> list[Told]:
    """Return project, kind, entity, id and place of each fact."""
    return [
        (fact.project_id, fact.change.kind, fact.change.entity, fact.change.id, fact.change.task_id or fact.change.branch_id)
        for fact in facts
    ]


def filled() -> Database:
    """Return two projects; in the first a branch with a task that has a subtask, in the second a branch."""
    found = Database()
    for row_id, parent in (("p1", "ada"), ("p2", "bob"), ("b1", "p1"), ("b2", "p2"), ("t1", "b1"), ("s1", "t1")):
        found.put(row_id, parent)
    return found


def test_rows_find_their_project_through_their_parents() -> None:
    """The owner of a project is its member."""
    database = Database()
    assert database.put("p1", "ada") == [("p1", "create", "project", "p1", None), ("p1", "create", "member", "ada", None)]
    assert database.put("b1", "p1") == [("p1", "create", "branch", "b1", "b1")]
    assert database.put("t1", "b1") == [("p1", "create", "task", "t1", "b1")]
    assert database.put("s1", "t1") == [("p1", "create", "subtask", "s1", "t1")]


def test_a_change_is_an_update_or_a_move() -> None:
    """A branch or project of which nothing that is carried changed is silent: a platform's counters change all day."""
    database = filled()
    database.put("b3", "p1")
    assert database.put("t1", "b1", status="done") == [("p1", "update", "task", "t1", "b1")]
    assert database.put("t1", "b3") == [("p1", "move", "task", "t1", "b3")]
    assert database.put("b1", "p1", task_count="5") == []
    assert database.put("b1", "p1", name="M") == [("p1", "update", "branch", "b1", "b1")]
    assert database.put("p1", "eve")[1:] == [("p1", "delete", "member", "ada", None), ("p1", "create", "member", "eve", None)]


def test_a_move_to_another_project_takes_all_below_along() -> None:
    """Deleted there with all that it has, created here from the top down."""
    database = filled()
    assert database.put("t1", "b2") == [
        ("p1", "delete", "task", "t1", "b1"),
        ("p2", "create", "task", "t1", "b2"),
        ("p2", "create", "subtask", "s1", "t1"),
    ]
    database.put("t1", "b1")
    assert database.put("b1", "p2") == [
        ("p1", "delete", "branch", "b1", "b1"),
        ("p2", "create", "branch", "b1", "b1"),
        ("p2", "create", "task", "t1", "b1"),
        ("p2", "create", "subtask", "s1", "t1"),
    ]


def test_what_goes_with_its_parent_is_said_once() -> None:
    """A cascade deletes rows one by one; the log takes them with their parent. Rows that go first are said one by one."""
    database = filled()
    assert database.drop("p1") == [("p1", "delete", "project", "p1", None)]
    assert [database.drop(row_id) for row_id in ("b1", "t1", "s1", "t1")] == [[], [], [], []]
    database = filled()
    assert [told_[0][1:4] for row_id in ("s1", "t1", "b1") if (told_ := database.drop(row_id))] == [
        ("delete", "subtask", "s1"),
        ("delete", "task", "t1"),
        ("delete", "branch", "b1"),
    ]


def test_a_row_waits_for_its_parent() -> None:
    """Without a foreign key a child may be first; nothing of it is lost."""
    database = Database()
    assert database.put("s1", "t1") + database.put("t1", "b1") + database.put("b1", "p1") == []
    assert [one[1:4] for one in database.put("p1", "ada")] == [
        ("create", "project", "p1"),
        ("create", "member", "ada"),
        ("create", "branch", "b1"),
        ("create", "task", "t1"),
        ("create", "subtask", "s1"),
    ]
    assert database.drop("s1") == [("p1", "delete", "subtask", "s1", "t1")]


def test_a_changed_key_is_another_row() -> None:
    """The old one is deleted."""
    assert filled().put("s2", "t1", old="s1") == [("p1", "delete", "subtask", "s1", "t1"), ("p1", "create", "subtask", "s2", "t1")]


def test_a_list_is_part_of_its_task() -> None:
    """However many of its values change in a transaction, the task is said once, at its end."""
    database = filled()
    assert database.put("a1", "t1") + database.put("a2", "t1", assignee_id="@y") == []
    facts = database.translator.rest()
    assert told(facts) == [("p1", "update", "task", "t1", "b1")]
    assert facts[0].change.data is not None
    assert facts[0].change.data.assignees == ["@x", "@y"]
    database.drop("a1")
    assert [fact.change.data and fact.change.data.assignees for fact in database.translator.rest()] == [["@y"]]
    database.drop("a2")
    database.drop("t1")
    assert database.translator.rest() == []


def test_a_table_may_be_emptied() -> None:
    """All its rows are deleted; tables that are not mapped mean nothing."""
    database = filled()
    assert told(database.translator.empty(Truncate((("public", "subtasks"), ("public", "other"))))) == [
        ("p1", "delete", "subtask", "s1", "t1")
    ]
    assert database.translator.take(RowChange(("public", "other"), "insert", {"id": "x"}, {})) == []


def test_a_snapshot_states_everything_and_sweeps_the_rest() -> None:
    """Also rows that did not change; what it did not see is gone, children first."""
    database = filled()
    database.memory.generation = 1
    database.translator.afresh = True
    seen = [one[1:4] for row_id, parent in (("p1", "ada"), ("b1", "p1"), ("p2", "eve")) for one in database.put(row_id, parent)]
    assert seen == [
        ("create", "project", "p1"),
        ("create", "member", "ada"),
        ("create", "branch", "b1"),
        ("create", "project", "p2"),
        ("delete", "member", "bob"),
        ("create", "member", "eve"),
    ]
    assert [one[1:4] for one in told(database.translator.sweep())] == [
        ("delete", "subtask", "s1"),
        ("delete", "task", "t1"),
        ("delete", "branch", "b2"),
    ]
