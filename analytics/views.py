"""The SQL views above the tables. DuckDB's dialect."""

import re
from typing import Final

VIEWS: Final = {
    "branch_summaries": """
        SELECT * FROM branches
    """,
    "session_work": """
        WITH changes AS (
            SELECT
                project_id, entity_id AS task_id, session_id, source, occurred_at, "offset",
                CASE
                    WHEN action IN ('delete', 'deleted') THEN 'deleted'
                    WHEN action = 'completed' THEN 'done'
                    WHEN action IN ('create', 'created', 'update', 'updated') THEN coalesce(status, 'todo')
                    ELSE status
                END AS said
            FROM events WHERE entity = 'task'
        ), known AS (
            SELECT *, last_value(said IGNORE NULLS) OVER (
                PARTITION BY project_id, task_id ORDER BY "offset" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS after
            FROM changes
        ), steps AS (
            SELECT *, lag(after, 1, 'deleted') OVER (PARTITION BY project_id, task_id ORDER BY "offset") AS before FROM known
        ), net AS (
            SELECT
                project_id, session_id, source, date_trunc('day', occurred_at) AS day, task_id, count(*) AS events,
                min(occurred_at) AS began, max(occurred_at) AS ended,
                arg_min(before, "offset") AS before, arg_max(after, "offset") AS after
            FROM steps WHERE session_id IS NOT NULL GROUP BY ALL
        )
        SELECT
            project_id, session_id, source, day, min(began) AS began, max(ended) AS ended, sum(events)::BIGINT AS events,
            count(*) AS tasks,
            count(*) FILTER (before = 'deleted' AND after <> 'deleted') AS created,
            count(*) FILTER (before <> 'done' AND after = 'done') AS completed,
            count(*) FILTER (before = 'done' AND after NOT IN ('done', 'deleted')) AS reopened,
            count(*) FILTER (before <> 'deleted' AND after = 'deleted') AS deleted,
            count(*) FILTER (before = after) AS unchanged
        FROM net GROUP BY ALL
    """,
}
"""branch_summaries: the original's name. session_work: net effect of each session and day on tasks, as the events say it."""

_OF_EVENTS: Final = re.compile(r"\b(events|session_work)\b", re.IGNORECASE)


def mentions_events(query: str) -> bool:
    """Return whether a query may read the log. Loading it in vain is only slow, so a word in a comment or text counts too."""
    return _OF_EVENTS.search(query) is not None
