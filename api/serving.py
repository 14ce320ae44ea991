"""The ports of an edge: bound before anything else, opened when it may be talked to, closed without cutting anybody off."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from api.direct import EdgeProtocol
from api.meters import Meters
from api.patience import EdgeHttp, Waiting
from api.settings import EdgeSettings
from schemas.failure import UsageFailure

_GLANCE_S: Final = 0.005


def allow_many_sockets() -> None:
    """Raise what this process may open to what the system lets it: a shell's usual 1 024 are a thousand clients."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Server(uvicorn.Server):
    """uvicorn on a socket that is bound already; signals are the process's business."""

    def __init__(self, config: uvicorn.Config, bound: socket.socket) -> None:
        super().__init__(config)
        self._bound = bound

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def serve_socket(self) -> None:
        """Serve on the bound socket until `should_exit`."""
        await self.serve([self._bound])

    async def until_started(self, serving: "asyncio.Task[None]") -> None:
        """Wait until it listens. Raises what serving failed with."""
        while not self.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(_GLANCE_S)

    def admit_no_more(self) -> None:
        """Stop listening; open connections stay."""
        for server in self.servers:
            server.close()


class Doors:
    """The public and the private port of an edge. running: tasks that serve."""

    def __init__(self, public: Server, private: Server) -> None:
        self._public = public
        self._private = private
        self.running: list[asyncio.Task[None]] = []

    async def open(self, ready: asyncio.Event | None) -> None:
        """Listen on both ports; on the public one only once `ready` is set, where another edge still answers."""
        await self._open(self._private)
        if ready is not None:
            await ready.wait()
        await self._open(self._public)

    async def _open(self, server: Server) -> None:
        serving = asyncio.create_task(server.serve_socket())
        self.running.append(serving)
        await server.until_started(serving)

    def admit_no_more(self) -> None:
        """Let the next ones go to another edge."""
        self._public.admit_no_more()

    async def close(self) -> None:
        """End what is still open."""
        for server in (self._public, self._private):
            server.should_exit = True
        await asyncio.gather(*self.running, return_exceptions=True)


def config_of(app: ASGIApp, settings: EdgeSettings, meters: Meters) -> uvicorn.Config:
    """Return how uvicorn serves an application of an edge on one port."""
    waiting = Waiting(settings.http, settings.limits.stall_ms / 1000, meters)
    return uvicorn.Config(
        app,
        http=partial(EdgeHttp, waiting),  # type: ignore[arg-type]  # called like a class, and no more
        ws=EdgeProtocol,
        ws_max_size=settings.limits.frame_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # the protocol has heartbeats of its own
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=3,
    )


def bind(host: str, port: int, *, reuse_port: bool = False, send_buffer_bytes: int = 0) -> socket.socket:
    """Return a socket that is bound and does not listen yet. Raises `UsageFailure`.

    reuse_port: others may listen on the same port, if they say so too (SO_REUSEPORT: the kernel shares new connections out).
    send_buffer_bytes: what the kernel keeps for each connection (0: as it likes, which is megabytes for a peer that reads nothing).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if send_buffer_bytes:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageFailure(f"Port {port} on {host} cannot be used ({error.strerror}): stop what uses it, or choose another port.") from None
    return bound


def url_of(host: str, bound: socket.socket) -> str:
    """Return the address of a bound socket, as this machine reaches it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  because it is compared
    return f"http://{shown}:{bound.getsockname()[1]}"
