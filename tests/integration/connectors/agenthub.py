"""AgentHub's tables as far as they matter here, and what the log must come to for what they hold."""

from typing import Any, Final

from tests.integration.connectors.outcome import Rows

SCHEMA: Final = """
CREATE TABLE projects (
  id uuid PRIMARY KEY, name varchar NOT NULL, description text DEFAULT '', user_id varchar NOT NULL, status varchar DEFAULT 'active',
  updated_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE TABLE project_git_branchs (
  id uuid PRIMARY KEY, project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE, name varchar NOT NULL, status varchar DEFAULT 'todo',
  task_count integer DEFAULT 0, updated_at timestamp DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE TABLE tasks (
  id uuid PRIMARY KEY, title varchar NOT NULL, description text NOT NULL DEFAULT '',
  git_branch_id uuid NOT NULL REFERENCES project_git_branchs ON DELETE CASCADE, status varchar NOT NULL DEFAULT 'todo',
  priority varchar NOT NULL DEFAULT 'medium', progress_percentage integer DEFAULT 0, progress_history json DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE subtasks (
  id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE, title varchar NOT NULL,
  status varchar NOT NULL DEFAULT 'todo', assignees json DEFAULT '[]', progress_percentage integer DEFAULT 0,
  updated_at timestamp DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE TABLE task_assignees (
  id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE, assignee_id varchar NOT NULL, UNIQUE (task_id, assignee_id)
);
CREATE TABLE task_dependencies (
  id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE,
  depends_on_task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE
);
"""


def key(number: int, kind: str = "a") -> str:
    """Return a UUID that can be read: kinds are p, b, t, s, a."""
    digit = {"p": "1", "b": "2", "t": "3", "s": "4", "a": "5"}[kind]
    return f"{digit}0000000-0000-4000-8000-{number:012d}"


def expected(link: Any) -> Rows:  # noqa: ANN401  because psycopg2's connections have several types
    """Return the rows that the log must come to, asked from the tables by joins that the connector does not use."""
    rows: Rows = {}
    with link.cursor() as cursor:
        cursor.execute("SELECT id::text, name FROM projects")
        for project, name in cursor.fetchall():
            rows["project", project, project] = ("", {"name": name})
        cursor.execute("SELECT id::text, project_id::text, name, status = 'archived' FROM project_git_branchs")
        for branch, project, name, archived in cursor.fetchall():
            rows["branch", project, branch] = ("", {"name": name, "archived": archived})
        cursor.execute(
            "SELECT t.id::text, t.git_branch_id::text, b.project_id::text, t.title, t.status, t.priority, t.progress_percentage,"
            " coalesce((SELECT array_agg(assignee_id ORDER BY a.id) FROM task_assignees a WHERE a.task_id = t.id), '{}')"
            " FROM tasks t JOIN project_git_branchs b ON b.id = t.git_branch_id"
        )
        for task, branch, project, title, status, priority, progress, assignees in cursor.fetchall():
            fields = {"title": title, "status": status, "priority": priority, "progress_percentage": progress, "assignees": assignees}
            rows["task", project, task] = (branch, fields)
        cursor.execute(
            "SELECT s.id::text, s.task_id::text, b.project_id::text, s.title, s.status FROM subtasks s"
            " JOIN tasks t ON t.id = s.task_id JOIN project_git_branchs b ON b.id = t.git_branch_id"
        )
        for subtask, task, project, title, status in cursor.fetchall():
            rows["subtask", project, subtask] = (task, {"title": title, "status": status})
    return rows


def agrees(rows: Rows, wanted: Rows) -> bool:
    """Say whether the log comes to these rows, in every field that is wanted."""
    if rows.keys() != wanted.keys():
        return False
    for name, (parent, fields) in wanted.items():
        home, found = rows[name]
        if home != parent or any(found.get(field) != value for field, value in fields.items()):
            return False
    return True
