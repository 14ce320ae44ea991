"""The peer: a page's server as the original design and its platform had it: change, refresh, notice; the page then fetches.

original.py PORT DSN. FastAPI on a PostgreSQL of `benchmarks.peers.postgres`. POST /tasks/{id}/{status} changes a task, refreshes the
materialised view and sends a notice to every WebSocket by `send_json`; GET /api/v2/branches/summaries?project_id=N answers from the view.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI
from psycopg2.extensions import cursor
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool

from benchmarks.peers.postgres import REFRESH
from benchmarks.peers.sockets import everybody


class Store:
    """The database, from several threads."""

    def __init__(self, dsn: str) -> None:
        self._pool = ThreadedConnectionPool(2, 8, dsn)

    @contextmanager
    def _querying(self) -> Iterator[cursor]:
        connection = self._pool.getconn()
        connection.autocommit = True
        try:
            with connection.cursor(cursor_factory=RealDictCursor) as found:
                yield found
        finally:
            self._pool.putconn(connection)

    def change(self, task_id: int, status: str) -> None:
        """Change a task and refresh the view."""
        with self._querying() as found:
            found.execute("UPDATE tasks SET status = %s, updated_at = now() WHERE id = %s", (status, task_id))
            found.execute(REFRESH)

    def summaries(self, project_id: int) -> list[dict[str, Any]]:
        """Return the rows of the view, as a page takes them."""
        with self._querying() as found:
            found.execute("SELECT * FROM branch_summaries WHERE project_id = %s", (project_id,))
            rows: list[Any] = found.fetchall()
        return [{**row, "id": str(row["branch_id"]), "stamp": 0} for row in rows]


def application(store: Store) -> FastAPI:
    """Return the server over a database."""
    app = FastAPI()
    sockets = everybody(app)

    @app.post("/tasks/{task_id}/{status}")
    async def patch(task_id: int, status: str) -> dict[str, bool]:
        await asyncio.to_thread(store.change, task_id, status)
        data = {"primary": [], "cascade": {}, "changed": [{"entity": "task", "action": "update", "id": str(task_id)}]}
        for socket in list(sockets):
            await socket.send_json({"type": "update", "stream": "project", "payload": {"action": "update", "data": data}})
        return {"success": True}

    @app.get("/api/v2/branches/summaries")
    def summaries(project_id: int) -> dict[str, Any]:
        return {"summaries": {row["id"]: row for row in store.summaries(project_id)}, "projects": {}}

    return app


async def serve(port: int, dsn: str) -> None:
    """Serve until the process ends."""
    await uvicorn.Server(uvicorn.Config(application(Store(dsn)), port=port, log_level="warning", access_log=False)).serve()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
