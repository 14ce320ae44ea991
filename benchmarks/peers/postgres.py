"""The original design's store: a PostgreSQL of its own with the materialised view of branch summaries (mended where it is no valid SQL)."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PROJECTS: Final = 3
TASKS_PER_BRANCH: Final = 100
CHANGE: Final = "UPDATE tasks SET status = 'done', updated_at = now() WHERE id = 1"
REFRESH: Final = "REFRESH MATERIALIZED VIEW CONCURRENTLY branch_summaries"
CALL: Final = "SELECT json_agg(s) FROM branch_summaries s WHERE project_id = {project}"


class Database(NamedTuple):
    """A running one. psql: the command that sends it SQL. dsn: what psycopg takes."""

    psql: list[str]
    dsn: str

    def run(self, script: str) -> str:
        """Send SQL; return what psql prints. Raises `CalledProcessError`."""
        return subprocess.run(self.psql, input=script, text=True, check=True, capture_output=True).stdout


def programs() -> Path | None:
    """Return where PostgreSQL's programs are, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def database(folder: Path) -> Iterator[Database]:
    """Run a PostgreSQL from this folder of programs, with its files in a temporary one."""
    with tempfile.TemporaryDirectory(prefix="anabranch-bench-pg-") as place:
        as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_other:
            shutil.chown(place, "postgres")
        data = f"{place}/data"
        _quiet([*as_other, str(folder / "initdb"), "-D", data, "-A", "trust", "-U", "postgres"])
        options = f"-k {place} -c listen_addresses='' -c fsync=off"
        control = [*as_other, str(folder / "pg_ctl"), "-D", data]
        _quiet([*control, "-w", "-o", options, "-l", f"{place}/log", "start"])
        try:
            psql = [str(folder / "psql"), "-h", place, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]
            yield Database(psql, f"host={place} user=postgres dbname=postgres")
        finally:
            _quiet([*control, "-w", "-m", "immediate", "stop"])


def schema(branches: int, tasks: int = TASKS_PER_BRANCH) -> str:
    """Return the SQL that makes so many branches of three projects, with so many tasks each, and their summaries."""
    return _SCHEMA.format(branches=branches, tasks=branches * tasks, projects=PROJECTS)


def _quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


_SCHEMA: Final = """
CREATE TABLE branches AS SELECT i AS id, i % {projects} AS project_id, 'Branch ' || i AS name FROM generate_series(0, {branches} - 1) i;
CREATE TABLE tasks AS SELECT i AS id, i % {branches} AS git_branch_id, 'Implement the thing' AS title,
  (ARRAY['todo','in_progress','done'])[1 + i % 3] AS status, (ARRAY['high','medium','low'])[1 + i % 3] AS priority, now() AS updated_at
  FROM generate_series(1, {tasks}) i;
CREATE UNIQUE INDEX ON tasks (id);
CREATE INDEX ON tasks (git_branch_id);
CREATE MATERIALIZED VIEW branch_summaries AS SELECT b.id AS branch_id, b.project_id, b.name,
  count(DISTINCT t.id) AS total_tasks,
  count(DISTINCT CASE WHEN t.status = 'done' THEN t.id END) AS completed_tasks,
  count(DISTINCT CASE WHEN t.status = 'in_progress' THEN t.id END) AS in_progress_tasks,
  max(t.updated_at) AS last_activity,
  jsonb_build_object('high', count(CASE WHEN t.priority = 'high' THEN 1 END), 'medium', count(CASE WHEN t.priority = 'medium' THEN 1 END),
    'low', count(CASE WHEN t.priority = 'low' THEN 1 END)) AS priority_breakdown
  FROM branches b LEFT JOIN tasks t ON t.git_branch_id = b.id GROUP BY b.id, b.project_id, b.name;
CREATE UNIQUE INDEX ON branch_summaries (branch_id);
ANALYZE;
"""
