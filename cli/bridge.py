"""Carries messages of the Model Context Protocol between stdin and stdout and an edge."""

from typing import Any

import httpx2
from anyio import create_task_group
from mcp.client.streamable_http import streamable_http_client
from mcp.server.stdio import stdio_server


async def bridge(address: str, token: str) -> None:
    """Carry until stdin ends. address: of the edge's door."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = httpx2.Timeout(30.0, read=None)
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False) as client,
        stdio_server() as (inside, outside),
        outside,  # closed at the end, or the server would wait for more to write
        streamable_http_client(address, http_client=client) as (answers, requests),
        create_task_group() as group,
    ):
        group.start_soon(_pump, answers, outside)
        await _pump(inside, requests)
        group.cancel_scope.cancel()


async def _pump(source: Any, target: Any) -> None:  # noqa: ANN401  the SDK's streams of messages
    async for message in source:
        if isinstance(message, Exception):
            continue  # a line that is no message: the sender gets no answer, and the others go on
        await target.send(message)
