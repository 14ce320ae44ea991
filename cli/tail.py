"""`anabranch tail`: prints the live frames of a project."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import httpx
import typer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from cli.access import access, refusal
from cli.options import DEFAULT_DATA, Data, Json, Token, Url, edge_url
from cli.tail_text import line_of
from schemas.failure import Failure, UsageFailure

_TTL_S: Final = 24 * 3600
_CLOSE_S: Final = 1.0
"""A stream that moves fast fills the reading queue, and the edge's side of a close then stays unread."""
_PAUSES_S: Final = (1, 2, 5, 10, 30)
_FINAL: Final = frozenset({1002, 1003, 1007, 1008, 1009, 4400, 4401, 4403, 4406})
Frame = dict[str, Any]


def tail(
    project: Annotated[str, typer.Argument(help="Project id or name.")],
    data: Data = DEFAULT_DATA,
    url: Url = None,
    access_token: Token = None,
    *,
    as_json: Json = False,
) -> None:
    """Print what changes in a project as it changes; Ctrl-C ends it. With --json one frame per line, as it came."""
    base = edge_url(data, url)
    token = access(data, access_token, "tail", _TTL_S)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_follow(base, token, project, as_json=as_json))


async def _follow(base: str, token: str, project: str, *, as_json: bool) -> None:
    project_id = await _project_id(base, token, project)
    since: Frame | None = None
    attempt = 0
    while True:
        try:
            async for frame in _frames(base, token, f"project:{project_id}", since):
                attempt = 0
                since = _position(frame) or since
                typer.echo(json.dumps(frame, ensure_ascii=False) if as_json else line_of(frame))
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code in _FINAL:
                raise Failure(f"The edge refused: {closed.rcvd.reason or closed.rcvd.code}") from closed
        except InvalidHandshake as refused:
            raise Failure(f"{base} is no edge, or it refused the connection: {refused}") from refused
        except OSError:
            pass
        pause = _PAUSES_S[min(attempt, len(_PAUSES_S) - 1)]
        attempt += 1
        typer.echo(f"The connection was lost; next try in {pause} s.", err=True)
        await asyncio.sleep(pause)


async def _frames(base: str, token: str, stream: str, since: Frame | None) -> AsyncIterator[Frame]:
    """Yield the frames of one connection that concern the stream."""
    address = "ws" + base.removeprefix("http") + "/ws/v2"
    headers = {"Authorization": f"Bearer {token}"}
    protocols = [Subprotocol("summary.v2")]
    async with connect(
        address, additional_headers=headers, subprotocols=protocols, proxy=None, max_size=2**24, close_timeout=_CLOSE_S
    ) as socket:
        await _subscribe(socket, stream, since)
        async for text in socket:
            frame: Frame = json.loads(text)
            if frame["type"] == "heartbeat":
                await socket.send(_control("heartbeat", "pong"))
                continue
            _check(frame)
            yield frame


async def _subscribe(socket: ClientConnection, stream: str, since: Frame | None) -> None:
    wanted: Frame = {"stream": stream} if since is None else {"stream": stream, "since": since}
    await socket.send(_control("sync", "subscribe", {"streams": [wanted]}))


def _check(frame: Frame) -> None:
    """Raise `Failure` when the edge refuses the stream."""
    if frame["type"] == "sync" and frame["payload"]["action"] == "subscribed":
        for stream in frame["payload"]["data"]["streams"]:
            if stream["status"] == "error":
                raise Failure(f"The edge refused {stream['stream']}: {stream['error']['message']}")


def _control(kind: str, action: str, data: Frame | None = None) -> str:
    return json.dumps({"type": kind, "payload": {"action": action, "data": data or {}}})


def _position(frame: Frame) -> Frame | None:
    if frame.get("type") in {"update", "bulk"} and frame.get("sequence"):
        return {"epoch": frame["epoch"], "sequence": frame["sequence"]}
    return None


async def _project_id(base: str, token: str, project: str) -> str:
    """Return the id of a project given by id or name. Raises `UsageFailure` with the names that exist."""
    try:
        async with httpx.AsyncClient(timeout=10.0, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
            answer = await client.post(f"{base}/api/v2/branches/summaries/bulk", json={})
    except httpx.HTTPError as error:
        raise Failure(f"The edge at {base} does not answer ({type(error).__name__}): is `anabranch up` running?") from error
    if answer.status_code != httpx.codes.OK:
        raise Failure(refusal(answer))
    projects: dict[str, Frame] = answer.json()["projects"]
    found = [pid for pid, row in projects.items() if project in {pid, row["name"]}]
    if len(found) != 1:
        names = ", ".join(sorted(row["name"] for row in projects.values())) or "none yet"
        raise UsageFailure(f"There is no project {project!r}; there are: {names}.")
    return found[0]
