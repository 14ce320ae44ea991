"""The long-poll: the frames of a WebSocket, for clients that cannot keep one."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from api.edge import Edge
from api.now import now_ms
from api.polls import Poll
from api.problems import Refusal
from api.protocol.access import Principal, readable
from api.protocol.control import control
from api.protocol.polls import Found, look, wants_of
from schemas.frames import ALL_PROJECTS, STREAM_PREFIX, Since, Want
from schemas.problems import BEHIND, CONNECTIONS, RESTART, UNRECOVERABLE, Problem

_HEADERS: Final = {"Cache-Control": "no-store"}
_DEFAULT_WAIT_S: Final = 25.0
_ANSWERS: Final[dict[int | str, dict[str, object]]] = {
    200: {"description": "Frames, oldest first for each stream.", "content": {"application/json": {}}},
    204: {"description": "Nothing came in time."},
    410: {"description": "A place that cannot be continued: ask without it, or ask for all summaries."},
}
Texts = Annotated[list[str], Query()]


def router(edge: Edge) -> APIRouter:
    """Return the route of the long-poll."""
    routes = APIRouter(prefix="/api/v2", tags=["changes"])

    @routes.get("/changes", responses=_ANSWERS)
    async def changes(
        request: Request,
        stream: Texts,
        since: Annotated[list[str] | None, Query()] = None,
        wait: Annotated[float, Query(ge=0)] = _DEFAULT_WAIT_S,
        stale: Annotated[bool | None, Query(description="What the caller was told last of how old its rows are.")] = None,
    ) -> Response:
        """Return the frames after these places as soon as there are any."""
        principal = await edge.caller(request)
        wants = wants_of(stream, since or [], edge.settings.http.poll_streams)
        if isinstance(wants, Problem):
            raise Refusal(wants)
        named = _named(edge, principal, wants)
        every = any(want.stream == ALL_PROJECTS for want in wants)
        if edge.polls.count(principal.subject) >= edge.settings.limits.connections_per_user:
            raise Refusal(Problem(CONNECTIONS, retry_after_ms=1000))
        with edge.polls.waiting(principal.subject, every=every) as poll:
            return await _wait(_Asked(edge, principal, named, poll, stale=stale), request, wait)

    return routes


class _Asked:
    """One call: whose, from which places, and the poll that wakes it. stale: whether the caller takes its rows for old."""

    def __init__(self, edge: Edge, principal: Principal, named: dict[str, Since | None], poll: Poll, *, stale: bool | None) -> None:
        self.edge = edge
        self.principal = principal
        self.poll = poll
        self._named = named
        self._stale = stale
        self._until_ms = now_ms() + edge.settings.limits.behind_ms

    def look(self, *, last: bool) -> Found:
        """Return what is there; from now on the poll is woken by what is not. Raises `Refusal`: places that are gone, a restart."""
        self.poll.woken.clear()
        if (revoked := self.edge.trust.revocations.refusal(self.principal)) is not None:
            raise Refusal(revoked)
        found = look(self.edge.hub, self._places(), now_ms(), last=last)
        if self.edge.polls.closing:
            raise Refusal(Problem(RESTART, retry_after_ms=500))
        if found.lost:
            raise Refusal(Problem(UNRECOVERABLE, errors=tuple(STREAM_PREFIX + project_id for project_id in found.lost)))
        return found

    def news(self) -> list[bytes]:
        """Return the frame that says how old the rows are, where the caller thinks otherwise."""
        connections = self.edge.connections
        if self._stale is None or self._stale == (connections.old is not None):
            return []
        return [control("sync", *connections.standing, secrets.token_hex(8), now_ms())]

    def _places(self) -> dict[str, Since | None]:
        """Return where the caller stands in each project that it wants and may read. A project that is gone is one that was named."""
        places = dict(self._named)
        for project_id in places:
            self.edge.known(self.principal, project_id)  # again, because a right may end while the call waits
        if self.poll.every:
            places |= {name: None for name in readable(self.principal, self.edge.replica) if name not in places}
        for project_id in places:
            self.poll.watch(project_id)
        return places

    def behind(self) -> None:
        """Raise `Refusal` when this edge did not come to the caller's places in time."""
        if now_ms() >= self._until_ms:
            raise Refusal(Problem(BEHIND, retry_after_ms=self.edge.settings.limits.behind_ms))


async def _wait(asked: _Asked, request: Request, wait_s: float) -> Response:
    """Look until there is something, time is over, the token ends, or the caller is gone."""
    loop = asyncio.get_running_loop()
    settings = asked.edge.settings
    valid_s = (asked.principal.expires_ms - now_ms()) / 1000 + settings.auth.leeway_s
    until = loop.time() + max(0.0, min(wait_s, valid_s, settings.http.poll_wait_s))
    gone = asyncio.create_task(_gone(request))
    try:
        while True:
            over = loop.time() >= until or gone.done()
            found = asked.look(last=over)
            if frames := asked.news() + found.frames:
                return StreamingResponse(_array(frames), headers=_HEADERS, media_type="application/json")
            if found.behind:
                asked.behind()
            if over:
                if found.behind:
                    raise Refusal(Problem(BEHIND, retry_after_ms=1000))
                return Response(status_code=204, headers=_HEADERS)
            left_s = until - loop.time()
            await _sleep(asked.poll, gone, min(left_s, _GLANCE_S) if found.behind else left_s)
    finally:
        gone.cancel()


_GLANCE_S: Final = 0.1
"""A place that the edge has not read yet is reached without the stream's own move: look from time to time."""


async def _sleep(poll: Poll, gone: "asyncio.Task[None]", seconds: float) -> None:
    woken = asyncio.create_task(poll.woken.wait())
    await asyncio.wait({woken, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    woken.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _array(frames: list[bytes]) -> AsyncIterator[bytes]:
    """Give a JSON array of the very bytes that a WebSocket would carry, without one more copy of all."""
    for index, frame in enumerate(frames):
        yield (b"," if index else b"[") + frame
    yield b"]"


def _named(edge: Edge, principal: Principal, wants: list[Want]) -> dict[str, Since | None]:
    """Return the named projects with their places. Raises `Refusal` for one that the caller may not read."""
    named = {want.stream.removeprefix(STREAM_PREFIX): want.since for want in wants if want.stream != ALL_PROJECTS}
    for project_id in named:
        edge.known(principal, project_id)
    return named
