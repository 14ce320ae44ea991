"""Our edge without Kafka, for what concerns its sockets only: edge.py PORT CONTROL. Its settings come from the environment, as always.

A byte n on the control port means: take in n records of `cascades`, now, as the tail would. 255 asks to be sent back once that is done.
"""

import asyncio
import gc
import os
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

from api.app import compose, public_app
from api.feed import Audience, Feed, Observed, Record
from api.mcp.server import AgentsDoor
from api.protocol.hub import Place
from api.replica import Replica, read
from api.serving import Server, allow_many_sockets, bind, config_of
from api.settings import EdgeSettings
from api.tracing import traces_of
from benchmarks.harness.message import message
from schemas.rows import BranchSummary, ProjectSummary, encode_row

DONE: Final = b"\xff"


async def serve(port: int, control: int) -> None:
    """Serve until the process ends."""
    settings = EdgeSettings(port=port, web_dir=Path("/nonexistent"))
    edge = compose(settings, port)
    edge.hub.begin(0, Place("e1"))
    edge.tail.ready.set()
    feed = Feed(
        edge.replica, edge.hub, Observed(edge.meters, traces_of(on=False)), Audience(edge.connections.appeared, edge.connections.regarded)
    )

    def publish(count: int) -> None:
        now_ms = int(time.time() * 1000)
        for _ in range(count):
            offset = edge.hub.places[0].applied
            feed.cascade(Record(0, offset, b"p", message("p", offset), now_ms), now_ms)

    async def steer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while byte := await reader.read(1):
            if byte == DONE:
                writer.write(byte)
            else:
                publish(byte[0])

    publish(1)
    fill(edge.replica, int(os.environ.get("BENCH_BRANCHES", "0")))
    gc.collect()
    gc.freeze()  # as an edge does once it has read everything
    server = Server(config_of(public_app(edge, AgentsDoor(edge)), settings, edge.meters), bind(settings.host, port))
    async with await asyncio.start_server(steer, "127.0.0.1", control):
        await asyncio.gather(server.serve_socket(), edge.connections.tick())


def fill(replica: Replica, branches: int) -> None:
    """Put that many branches into the replica, a hundred to a project; the first project is the one of the records."""
    for number in range(branches):
        project_id = f"p{number // 100 or ''}"
        if number % 100 == 0:
            replica.put(
                "project", project_id, read(encode_row(ProjectSummary(id=project_id, name=project_id, total_branches=100, stamp=number)))
            )
        counts = {"done": 40, "in_progress": 10, "todo": 50}
        row = BranchSummary(
            id=f"branch-{number}", project_id=project_id, name=f"Branch {number}", total_tasks=100, status_breakdown=counts, stamp=number
        )
        replica.put("branch", project_id, read(encode_row(row)))


if __name__ == "__main__":
    allow_many_sockets()
    uvloop.run(serve(int(sys.argv[1]), int(sys.argv[2])))
