"""A client of an edge that was started as a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from api.auth import mint
from broker.secrets import jwt_secret
from tests.integration.api.harness import Client


@asynccontextmanager
async def following(url: str, data: Path, project: str, place: tuple[str, int] | None = None) -> AsyncIterator[Client]:
    """Follow a project, from a place on where one is given; the first answer is there."""
    token = mint(jwt_secret(data), "follower", ["*"], 600)
    protocols = [Subprotocol(f"bearer.{token}"), Subprotocol("summary.v2")]
    async with connect(url.replace("http", "ws") + "/ws/v2", subprotocols=protocols, origin=Origin(url), proxy=None) as socket:
        client = Client(socket)
        await client.until("sync", "welcome")
        since = None if place is None else {"epoch": place[0], "sequence": place[1]}
        await client.subscribe(f"project:{project}", since=since)
        while f"project:{project}" not in client.position:
            await client.next()
        yield client
