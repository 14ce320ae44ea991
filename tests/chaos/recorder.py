"""A page's connection without a page: follows the protocol's rules, reconnects, and records every frame that it applied."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Origin, Subprotocol

from api.auth import mint
from tests.chaos.processes import SECRET

Frame = dict[str, Any]
Row = dict[str, Any]
Key = tuple[str, str, str]
_PAUSE_S: Final = 0.2
_PLURALS: Final = {"projects": "project", "branches": "branch", "tasks": "task", "subtasks": "subtask", "contexts": "context"}


class Seen(NamedTuple):
    """What a client showed after applying a frame: its stream's position in the log, and the rows that it took from the frame."""

    project_id: str
    offset: int
    whole: bool
    rows: tuple[tuple[Key, Row], ...]


@dataclass
class Held:
    """One stream as the client holds it. offset: position in the log that it was told of."""

    epoch: str = ""
    sequence: int = -1
    offset: int = -1
    parts: list[Frame] = field(default_factory=list)


class Recorder:
    """One client of all projects. breaks: where the edge broke the protocol. journal: file for its frames, a JSON object a line."""

    def __init__(self, url: Callable[[], str], user: str, journal: Path) -> None:
        self.rows: dict[Key, Row] = {}
        self.seen: list[Seen] = []
        self.breaks: list[str] = []
        self.streams: dict[str, Held] = {}
        self.connections = 0
        self.resumes = 0
        self._url = url
        self._user = user
        self._journal = journal.open("a", encoding="utf-8")

    async def run(self) -> None:
        """Follow until cancelled."""
        try:
            while True:
                with contextlib.suppress(OSError, WebSocketException, InvalidHandshake, TimeoutError):
                    await self._connected()
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._journal.close()

    async def _connected(self) -> None:
        protocols = [Subprotocol(f"bearer.{mint(SECRET, self._user, ['*'], 3600)}"), Subprotocol("summary.v2")]
        base = self._url()
        address = base.replace("http", "ws") + "/ws/v2"
        async with connect(address, subprotocols=protocols, proxy=None, max_size=2**24, close_timeout=0.5, origin=Origin(base)) as socket:
            self.connections += 1
            for held in self.streams.values():
                held.parts = []
            known = [{"stream": stream, "since": _since(held)} for stream, held in self.streams.items() if held.sequence >= 0]
            await _send(socket, "subscribe", known)
            await _send(socket, "subscribe", [{"stream": "project:*"}])
            async for text in socket:
                await self._take(socket, json.loads(text))

    async def _take(self, socket: ClientConnection, frame: Frame) -> None:
        self._journal.write(json.dumps(frame) + "\n")
        kind = frame["type"], frame["payload"]["action"]
        if kind == ("heartbeat", "ping"):
            await socket.send(json.dumps({"type": "heartbeat", "payload": {"action": "pong", "data": {}}}))
        elif "stream" in frame and frame["type"] in {"update", "bulk"}:
            held = self.streams.setdefault(frame["stream"], Held())
            if kind == ("bulk", "snapshot"):
                self._part(frame, held)
            elif frame["epoch"] != held.epoch or frame["sequence"] <= held.sequence:
                self.breaks += [f"{frame['stream']}: {frame['sequence']} after {held.sequence}"] * (frame["epoch"] != held.epoch)
            elif frame["prev"] > held.sequence:
                self.resumes += 1
                await _send(socket, "resume", [{"stream": frame["stream"], "since": _since(held)}])
            else:
                held.sequence = frame["sequence"]
                self._part(frame, held)

    def _part(self, frame: Frame, held: Held) -> None:
        """Apply a frame, a split one when all its parts are there."""
        number = frame.get("part", 1)
        held.parts = [*held.parts, frame] if number > 1 else [frame]
        if len(held.parts) != number:
            held.parts = []
            self.breaks.append(f"{frame['stream']}: part {number} without those before it")
        if number != frame.get("parts", 1) or not held.parts:
            return
        frames, held.parts = held.parts, []
        offset = frame["metadata"]["position"]["offset"]
        whole = frame["payload"]["action"] == "snapshot"
        if whole:
            self._begin(frame, held)
        elif offset <= held.offset:
            return  # a new owner repeats what this client was told
        held.offset = max(held.offset, offset)
        rows = [row for one in frames for row in rows_of(one)]
        if whole:
            self._replace(frame["stream"].removeprefix("project:"), dict(rows))
        else:
            self._apply(rows)
        self.seen.append(Seen(frame["stream"].removeprefix("project:"), held.offset, whole, tuple(rows)))

    def _begin(self, frame: Frame, held: Held) -> None:
        """Start a stream anew. Inside an epoch it never goes back."""
        if frame["epoch"] != held.epoch:
            held.offset = -1
        elif frame["sequence"] < held.sequence:
            self.breaks.append(f"{frame['stream']}: a snapshot at {frame['sequence']} after {held.sequence}")
        held.epoch, held.sequence = frame["epoch"], frame["sequence"]

    def _replace(self, project_id: str, rows: dict[Key, Row]) -> None:
        """Show a snapshot instead of what was shown; tasks are asked for anew."""
        for key in [key for key in self.rows if key[1] == project_id]:
            former = self.rows.pop(key)
            if key in rows and rows[key]["stamp"] < former["stamp"]:
                self.breaks.append(f"{key} went back from {former['stamp']} to {rows[key]['stamp']} by a snapshot")
        self.rows |= rows

    def _apply(self, rows: list[tuple[Key, Row]]) -> None:
        news = [(key, row) for key, row in rows if key not in self.rows or self.rows[key]["stamp"] <= row["stamp"]]
        for key, row in news:
            if row.get("deleted"):
                _drop_below(self.rows, key, row)
            self.rows[key] = row

    def live(self, kinds: tuple[str, ...] = ("project", "branch")) -> dict[Key, Row]:
        """Return what the client shows now."""
        return {key: row for key, row in self.rows.items() if key[0] in kinds and not row.get("deleted")}


def rows_of(frame: Frame) -> list[tuple[Key, Row]]:
    """Return the rows of a data frame."""
    data, entity = frame["payload"]["data"], frame["payload"]["entity"]
    found = [(kind, row) for plural, kind in _PLURALS.items() for row in data["cascade"].get(plural, ())]
    if isinstance(data["primary"], list):
        found += [(entry["entity"], entry["row"]) for entry in data["primary"]]
    elif data["primary"] is not None:
        found.append((entity, data["primary"]))
    return [((kind, row.get("project_id", row["id"]), row["id"]), row) for kind, row in found]


def _drop_below(rows: dict[Key, Row], key: Key, grave: Row) -> None:
    name = {"task": "task_id", "branch": "branch_id"}.get(key[0])
    for below, row in list(rows.items()):
        under = key[0] == "project" or (name is not None and row.get(name) == grave["id"])
        if below != key and below[1] == key[1] and under and row["stamp"] < grave["stamp"]:
            del rows[below]


def _since(held: Held) -> Frame:
    return {"epoch": held.epoch, "sequence": held.sequence}


async def _send(socket: ClientConnection, action: str, streams: list[Frame]) -> None:
    if streams:
        await socket.send(json.dumps({"type": "sync", "payload": {"action": action, "data": {"streams": streams}}}))
