"""Names that analysts use are backed by what rows and events hold."""

import msgspec
import pytest

from schemas.events import Event, Fields
from schemas.rows import ROW_TYPES, Actor, BranchSummary, TaskSummary
from schemas.tables import BRANCHES, DICTIONARY, EVENTS, ROW_TABLES, TASKS, Table, value_of

OF_THE_RECORD = {"partition", "offset", "appended_at"}


@pytest.mark.parametrize("table", ROW_TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_a_field_of_its_row(table: Table) -> None:
    """A row that gains a field fails nothing; a column without one does."""
    fields = {field.name for field in msgspec.structs.fields(ROW_TYPES[table.kind])}
    assert {(column.field or column.name).split(".")[0] for column in table.columns} <= fields


def test_event_columns_are_fields_of_the_event_or_of_its_record() -> None:
    """The place and time of the record are the only columns that the event itself does not hold."""
    fields = {field.name for field in msgspec.structs.fields(Event)}
    assert {(column.field or column.name).split(".")[0] for column in EVENTS.columns} - fields == OF_THE_RECORD


def test_keys_and_names_are_unique() -> None:
    """No name is taken twice, and the key is among the columns."""
    for table in DICTIONARY:
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names))
        assert set(table.key) <= set(names)


def test_the_names_of_the_branch_summaries_view_are_kept() -> None:
    """Queries written for the original's view find its columns."""
    assert {
        "branch_id", "project_id", "name", "total_tasks", "completed_tasks", "in_progress_tasks", "last_activity", "priority_breakdown"
    } <= {column.name for column in BRANCHES.columns}  # fmt: skip


def test_values_are_found_by_name_and_inside_nested_rows() -> None:
    """What a row does not have is None, whether it is unset or the thing around it is missing."""
    columns = {column.name: column for column in TASKS.columns}
    row = TaskSummary(id="t", project_id="p", branch_id="b", last_actor=Actor("user", "u"))
    assert (value_of(columns["task_id"], row), value_of(columns["last_user_id"], row)) == ("t", "u")
    assert value_of(columns["last_user_id"], TaskSummary(id="t", project_id="p", branch_id="b")) is None
    assert value_of(BRANCHES.columns[0], BranchSummary(id="b", project_id="p", name="n")) == "b"
    event = Event(
        id="e", entity="task", action="patch", project_id="p", entity_id="t", occurred_at="", source="user", data=Fields(status="done")
    )
    of_event = {column.name: column for column in EVENTS.columns}
    assert (value_of(of_event["status"], event), value_of(of_event["title"], event)) == ("done", None)
