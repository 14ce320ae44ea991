"""What the tests of a running edge use: a tiny worker that writes rows and cascades itself, running edges, and clients."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from api.auth import mint
from tests.integration.api.tiny_worker import PARTITIONS, TinyWorker

SECRET = "a development secret of more than 32 characters"  # noqa: S105  for tests only
PATIENCE_S = 60
"""For one step, however busy the machine is."""
__all__ = ["PARTITIONS", "TinyWorker"]
Row = dict[str, Any]


@dataclass
class RunningEdge:
    """A running edge and ways to talk to it."""

    url: str
    private_url: str
    stop: asyncio.Event
    done: "asyncio.Task[None]"

    def client(self, user: str = "u", projects: tuple[str, ...] = ("*",), scope: str | None = None) -> httpx.AsyncClient:
        """Return an HTTP client with a token."""
        token = mint(SECRET, user, projects, 3600, scope)
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_S)

    def socket(self, user: str = "u", projects: tuple[str, ...] = ("*",), ttl_s: int = 3600, max_queue: int | None = None) -> connect:
        """Return a WebSocket to be opened, with a token in a subprotocol as browsers send it."""
        token = mint(SECRET, user, projects, ttl_s)
        return self.dial([f"bearer.{token}", "summary.v2"], max_queue=max_queue)

    def dial(
        self,
        subprotocols: list[str],
        path: str = "/ws/v2",
        origin: str | None = "own",
        header: str | None = None,
        max_queue: int | None = None,
    ) -> connect:
        """Return a WebSocket to be opened.

        max_queue: frames after which the client stops reading. Such a client does not see the edge's side of a close that it begins,
        and waits for 10 s.
        """
        return connect(
            self.url.replace("http", "ws") + path,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            origin=None if origin is None else Origin(self.url if origin == "own" else origin),
            additional_headers={"Authorization": header} if header else None,
            proxy=None,
            max_queue=max_queue,
        )

    async def end(self) -> None:
        """Stop it."""
        self.stop.set()
        await self.done


async def until_ready(edge: RunningEdge) -> None:
    """Wait for an edge's readiness."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        while (await client.get(f"{edge.private_url}/readyz")).status_code != httpx.codes.OK:  # noqa: ASYNC110  because it is another's
            await asyncio.sleep(0.02)


class Client:
    """A client by the rules of the protocol: keeps rows of one stream, resumes by itself never, notes every break of the rules."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.rows: dict[tuple[str, str], Row] = {}
        self.position: dict[str, tuple[str, int]] = {}
        self.frames: list[Row] = []
        self.doubled = 0
        self.gaps = 0

    async def send(self, type_: str, action: str, data: Row | None = None) -> None:
        """Send one frame."""
        await self.socket.send(json.dumps({"type": type_, "payload": {"action": action, "data": data or {}}}))

    async def subscribe(self, *streams: str, since: Row | None = None) -> None:
        """Subscribe to streams, all from the same place."""
        await self.send("sync", "subscribe", {"streams": [{"stream": stream, "since": since} for stream in streams]})

    async def next(self) -> Row:
        """Return the next frame, taken in."""
        frame: Row = json.loads(await asyncio.wait_for(self.socket.recv(), PATIENCE_S))
        self.frames.append(frame)
        self._apply(frame)
        return frame

    async def until(self, type_: str, action: str) -> Row:
        """Return the next frame of a kind; those before it are taken in too."""
        while True:
            frame = await self.next()
            if (frame["type"], frame["payload"]["action"]) == (type_, action):
                return frame

    async def until_sequence(self, stream: str, sequence: int) -> None:
        """Take frames in until the stream's position is there."""
        while self.position.get(stream, ("", -1))[1] < sequence:
            await self.next()

    def _apply(self, frame: Row) -> None:
        if frame["sequence"] == 0 and "stream" not in frame:
            return
        stream, sequence, payload = frame["stream"], frame["sequence"], frame["payload"]
        if payload["action"] != "snapshot":
            epoch, at = self.position.get(stream, (frame["epoch"], -1))
            if sequence <= at:
                self.doubled += 1
                return
            if frame["prev"] > at or epoch != frame["epoch"]:
                self.gaps += 1
        self.position[stream] = (frame["epoch"], sequence)
        data = payload["data"]
        primary = data["primary"] if isinstance(data["primary"], list) else [{"entity": payload["entity"], "row": data["primary"]}]
        for entry in primary:
            self._put(entry["entity"], entry["row"], anew=payload["action"] == "snapshot")
        for kind, plural in (("branch", "branches"), ("project", "projects"), ("task", "tasks")):
            for row in data["cascade"].get(plural, []):
                self._put(kind, row, anew=payload["action"] == "snapshot")

    def _put(self, kind: str, row: Row, *, anew: bool) -> None:
        known = self.rows.get((kind, row["id"]))
        if known is None or known["stamp"] < row["stamp"] or (anew and known["stamp"] == row["stamp"]):
            self.rows[kind, row["id"]] = row


class StartEdge(Protocol):
    """Starts an edge that is ready."""

    async def __call__(self, web_dir: Path | None = None, **settings: Any) -> RunningEdge:  # noqa: ANN401  because they are of all types
        """Return it."""


@asynccontextmanager
async def client_of(edge: RunningEdge, user: str = "u") -> AsyncIterator[Client]:
    """Open a client and take its welcome."""
    async with edge.socket(user) as socket:
        client = Client(socket)
        await client.until("sync", "welcome")
        yield client


async def flooded(worker: TinyWorker, readers: Sequence[Client], rounds: int, count: int) -> int:
    """Change a task of project `p` by `count` large frames, again and again, each time until these clients have them.

    Returns the last sequence.
    """
    last = 0
    for _ in range(rounds):
        last = await worker.flood("p", count, "x" * 20_000)
        await asyncio.gather(*(reader.until_sequence("project:p", last) for reader in readers))
    return last


async def until_read(edge: RunningEdge, sequence: int) -> None:
    """Wait until some partition of the edge was read up to there."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as client:
        while True:
            places = (await client.get(f"{edge.private_url}/readyz")).json()["partitions"].values()
            if any(place["applied"] >= sequence for place in places):
                return
            await asyncio.sleep(0.02)


async def until_closed(socket: ClientConnection) -> int | None:
    """Take frames until the edge closes; returns the code."""
    with pytest.raises(ConnectionClosed):  # noqa: PT012  because frames may come first
        while True:
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
    return socket.close_code
