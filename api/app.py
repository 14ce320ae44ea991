"""The edge, put together: settings in, sockets open, until told to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp
from starlette_compress import CompressMiddleware, remove_compress_type

from api import openapi, problems, revocations, ws
from api.bulk import BulkCache
from api.connections import Connections
from api.consumer import Tail
from api.direct import EdgeProtocol
from api.edge import Edge
from api.feed import Audience, Feed, Observed
from api.headers import SafeHeaders
from api.login import LoginCodes
from api.mcp.server import PATH, AgentsDoor
from api.meters import Meters
from api.polls import Polls
from api.producer import ChangeLog
from api.protocol.hub import Hub
from api.quota import quota_of
from api.replica import Replica
from api.routes import across, changes, legacy, login, page, polling, summaries, tasks, views
from api.routes.private import private_app
from api.settings import EdgeSettings
from api.tracing import traces_of
from api.trust import trust_of
from broker.partitioner import partition_for
from schemas.failure import UsageFailure

log = structlog.get_logger()
_SWEEP_S: Final = 5.0
_PAGES: Final = ("docs_url", "redoc_url", "openapi_url")
Listening = Callable[[str, str], None]


def compose(settings: EdgeSettings, port: int) -> Edge:
    """Return the parts of an edge that will listen on this port. Nothing runs yet."""
    meters, replica, traces = Meters(), Replica(), traces_of(on=settings.tracing)
    hub = Hub(replica, lambda project_id: partition_for(project_id, max(1, len(hub.places))), settings.limits)
    trust, changelog = trust_of(settings), ChangeLog(settings.kafka, settings.http.ack_timeout_s, meters, traces)
    connections = Connections(hub, changelog, trust.verifier, meters)
    polls = Polls(hub)
    newcomers: list[Callable[[str], None]] = [connections.appeared, lambda _: polls.appeared()]

    def appeared(project_id: str) -> None:
        for tell in newcomers:
            tell(project_id)

    def regarded(project_id: str, user_id: str) -> None:
        connections.regarded(project_id, user_id)
        polls.look_again()

    feed = Feed(replica, hub, Observed(meters, traces), Audience(appeared, regarded), cascades=settings.feature_ws_cascade)
    tail = Tail(settings.kafka, settings.tail, feed, hub, meters)
    tail.stale = connections.stale
    own = {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", settings.host)}
    return Edge(
        settings=settings,
        origins=frozenset(own | set(settings.origins)),
        replica=replica,
        hub=hub,
        tail=tail,
        changes=changelog,
        connections=connections,
        polls=polls,
        newcomers=newcomers,
        trust=trust,
        codes=LoginCodes(time.time),
        cache=BulkCache(replica),
        meters=meters,
        quota=quota_of(settings.http.quota_store.get_secret_value(), settings.http.bulk_calls, settings.http.bulk_window_s),
    )


def public_app(edge: Edge, agents: AgentsDoor) -> FastAPI:
    """Return the application of the public port."""
    shown = edge.settings.development if edge.settings.docs is None else edge.settings.docs
    pages = {"docs_url": "/docs", "redoc_url": None, "openapi_url": "/openapi.json"} if shown else dict.fromkeys(_PAGES)
    app = FastAPI(title="anabranch", version="2.0", summary="Exact, live branch and project summaries.", **pages)
    problems.install(app)
    openapi.install(app)
    remove_compress_type("text/event-stream")  # a packer waits for more before it lets an event go
    app.add_middleware(CompressMiddleware, minimum_size=edge.settings.http.compress_bytes, zstd=False, brotli_quality=4, gzip_level=4)
    app.add_middleware(SafeHeaders, own=frozenset({"/docs", "/docs/oauth2-redirect"}))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=sorted(edge.origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "If-None-Match", "Prefer"],
        expose_headers=["Anabranch-Positions", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "Deprecation", "Sunset", "Link"],
    )
    for routes in (summaries, tasks, across, views, changes, polling, legacy, login):
        app.include_router(routes.router(edge))

    @app.websocket("/ws/v2")
    async def websocket(socket: WebSocket) -> None:
        await ws.serve(socket, edge)

    @app.websocket("/ws/{user}")
    async def websocket_of_user(socket: WebSocket, user: str) -> None:
        await ws.serve(socket, edge, user)

    app.router.routes.append(Route(PATH, agents))
    page.install(app, edge.settings.web_dir)
    return app


async def run(settings: EdgeSettings, *, stop: asyncio.Event | None = None, listening: Listening | None = None) -> None:
    """Serve until `stop` is set (without one: until SIGINT or SIGTERM).

    listening: called with the public and the private URL once both ports are open. Raises `Failure`: a port in use, topics
    that are not the ones read before.
    """
    stop = stop or _stop_on_signals()
    public, private = _bind(settings.host, settings.port), _bind(settings.private_host, settings.private_port)
    url, private_url = _url(settings.host, public), _url(settings.private_host, private)
    edge = compose(settings, public.getsockname()[1])
    agents = AgentsDoor(edge)
    servers = [
        Server(_config(public_app(edge, agents), settings), public),
        Server(_config(private_app(edge, url), settings), private),
    ]
    running = [asyncio.create_task(server.serve_socket()) for server in servers]
    parts = (edge.tail.run(), edge.changes.run(), edge.connections.tick(), _sweep(edge), _watch_revocations(edge), agents.run())
    work = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stop.wait())
    try:
        await _started(servers, running)
        log.info("edge_listening", url=url, private_url=private_url)
        if listening is not None:
            listening(url, private_url)
        done, _ = await asyncio.wait({stopping, *work, *running}, return_when=asyncio.FIRST_COMPLETED)
        edge.polls.close()
        await edge.connections.shutdown(settings.http.goodbye_s)
        for task in done - {stopping}:
            task.result()
    finally:
        for server in servers:
            server.should_exit = True
        for task in (stopping, *work):
            task.cancel()
        await asyncio.gather(*running, stopping, *work, return_exceptions=True)
        if edge.trust.provider is not None:
            await edge.trust.provider.aclose()
        log.info("edge_stopped")


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


def _config(app: ASGIApp, settings: EdgeSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws=EdgeProtocol,
        ws_max_size=settings.limits.frame_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # the protocol has heartbeats of its own
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=3,
    )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageFailure(f"Port {port} on {host} cannot be used ({error.strerror}): stop what uses it, or choose another port.") from None
    return bound


def _url(host: str, bound: socket.socket) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  because it is compared
    return f"http://{shown}:{bound.getsockname()[1]}"


async def _started(servers: list[Server], running: list[asyncio.Task[None]]) -> None:
    while not all(server.started for server in servers):
        for task in running:
            if task.done():
                task.result()
        await asyncio.sleep(0.005)


async def _sweep(edge: Edge) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        edge.hub.sweep(int(time.time() * 1000))


async def _watch_revocations(edge: Edge) -> None:
    trust = edge.trust

    def changed() -> None:
        edge.connections.revoked(trust.revocations)
        edge.polls.look_again()

    await revocations.watch(trust.revoked, trust.revocations, edge.settings.auth.revoked_look_s, changed)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    return stop


def main(settings: EdgeSettings) -> int:
    """Run an edge as a process of its own; returns the exit code. Raises `Failure`."""
    uvloop.run(run(settings))
    return 0
