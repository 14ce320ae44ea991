"""The edge, put together: settings in, sockets open, until told to stop."""

import asyncio
import gc
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from typing import Any, Final

import structlog
import uvloop
from fastapi import FastAPI, WebSocket
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette_compress import CompressMiddleware, remove_compress_type

from api import openapi, problems, revocations, ws
from api.bulk import BulkCache
from api.connections import Connections
from api.consumer import Tail
from api.drift import DriftWatch, Ways
from api.edge import Edge
from api.feed import Audience, Feed, Observed
from api.headers import SafeHeaders
from api.histories import Histories
from api.login import LoginCodes
from api.mcp.server import PATH, AgentsDoor
from api.meters import Meters
from api.past import Past
from api.polls import Polls
from api.producer import ChangeLog
from api.protocol.freshness import Old
from api.protocol.hub import Hub
from api.quota import Quota, Strangers, store_of
from api.receipts import Receipts
from api.replica import Replica
from api.reread import reread
from api.routes import across, burndown, changes, legacy, login, page, polling, sessions, summaries, tasks, views
from api.routes.private import private_app
from api.serving import Doors, Server, allow_many_sockets, bind, config_of, url_of
from api.settings import EdgeSettings
from api.tracing import traces_of
from api.trust import trust_of
from broker.partitioner import partition_for
from broker.records import Begin

log = structlog.get_logger()
_SWEEP_S: Final = 5.0
_PAGES: Final = ("docs_url", "redoc_url", "openapi_url")
Listening = Callable[[str, str], None]


def compose(settings: EdgeSettings, port: int, begin: Begin | None = None) -> Edge:
    """Return the parts of an edge that will listen on this port. Nothing runs yet. begin: the fold for what asks about the past."""
    meters, replica, traces = Meters(), Replica(), traces_of(on=settings.tracing)
    hub = Hub(replica, lambda project_id: partition_for(project_id, max(1, len(hub.places))), settings.limits)
    trust, changelog = trust_of(settings), ChangeLog(settings.kafka, settings.http.ack_timeout_s, meters, traces)
    past = Past(settings.kafka, settings.receipts, begin)
    connections = Connections(hub, changelog, trust.verifier, meters)
    polls = Polls(hub)
    newcomers: list[Callable[[str], None]] = [connections.appeared, lambda _: polls.appeared()]

    def appeared(project_id: str) -> None:
        for tell in newcomers:
            tell(project_id)

    def regarded(project_id: str, user_id: str) -> None:
        connections.regarded(project_id, user_id)
        polls.look_again()

    def stale(old: Old | None) -> None:
        connections.stale(old)
        polls.look_again()

    feed = Feed(replica, hub, Observed(meters, traces), Audience(appeared, regarded), cascades=settings.feature_ws_cascade)
    tail = Tail(settings.kafka, settings.tail, feed, hub, meters)
    tail.watch.stale = stale

    def mended(project_id: str) -> None:
        hub.renew(project_id)
        appeared(project_id)

    def again(project_id: str) -> Awaitable[tuple[Replica, int]]:
        return reread(settings.kafka, partition_for(project_id, len(hub.places)), project_id)

    ways = Ways(again, mended, regarded, feed.roll)
    store = store_of(settings.http.quota_store.get_secret_value())
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
        codes=LoginCodes(settings.data / "secrets" / "codes", time.time),
        cache=BulkCache(replica),
        meters=meters,
        quota=Quota(store, settings.http.bulk_calls, settings.http.bulk_window_s),
        strangers=Strangers(store, settings.http.stranger_tries, settings.http.stranger_window_s),
        drift=DriftWatch(replica, hub, ways, meters, settings.tail.drift_every_s),
        receipts=Receipts(past),
        histories=Histories(past),
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
    for routes in (summaries, tasks, burndown, across, views, changes, sessions, polling, legacy, login):
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


async def run(
    settings: EdgeSettings, *, begin: Begin | None = None, stop: asyncio.Event | None = None, listening: Listening | None = None
) -> None:
    """Serve until `stop` is set (without one: until SIGINT or SIGTERM).

    begin: makes the worker's fold, for receipts and burn-downs.
    listening: called with the public and the private URL once both ports are open. Raises `Failure`: a port in use, topics
    that are not the ones read before.
    """
    with (
        closing(bind(settings.host, settings.port, reuse_port=settings.reuse_port, send_buffer_bytes=settings.send_buffer_bytes)) as public,
        closing(bind(settings.private_host, settings.private_port)) as private,
    ):
        await _serve(compose(settings, public.getsockname()[1], begin), (public, private), stop, listening)


async def _serve(edge: Edge, bound: tuple[socket.socket, socket.socket], stop: asyncio.Event | None, listening: Listening | None) -> None:
    settings, alone, stop = edge.settings, stop is None, stop or _stop_on_signals()
    public, private = bound
    url, private_url = url_of(settings.host, public), url_of(settings.private_host, private)
    agents = AgentsDoor(edge)
    doors = Doors(
        Server(config_of(public_app(edge, agents), settings, edge.meters), public),
        Server(config_of(private_app(edge, url), settings, edge.meters), private),
    )
    parts = [edge.tail.run(), edge.changes.run(), edge.connections.tick(), edge.drift.run(edge.tail.ready)]
    parts += [_sweep(edge), _watch_revocations(edge), agents.run()]
    work = [asyncio.create_task(part) for part in (*parts, *([_freeze(edge)] if alone else []))]
    opening = asyncio.create_task(doors.open(edge.tail.ready if settings.reuse_port else None))
    stopping = asyncio.create_task(stop.wait())
    try:
        await _until({opening}, {stopping, *work})
        if opening.done():
            edge.open.set()
            _tell(url, private_url, listening)
            await _until({stopping}, {*work, *doors.running})
    finally:
        doors.admit_no_more()
        edge.polls.close()
        await edge.connections.shutdown(settings.http.goodbye_s)
        for task in (stopping, opening, *work):
            task.cancel()
        await asyncio.gather(doors.close(), stopping, opening, *work, return_exceptions=True)
        if edge.trust.provider is not None:
            await edge.trust.provider.aclose()
        log.info("edge_stopped")


def _tell(url: str, private_url: str, listening: Listening | None) -> None:
    log.info("edge_listening", url=url, private_url=private_url)
    if listening is not None:
        listening(url, private_url)


async def _until(wanted: "set[asyncio.Task[Any]]", others: "set[asyncio.Task[Any]]") -> None:
    """Wait until one of these is done. Raises what it failed with."""
    done, _ = await asyncio.wait(wanted | others, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _freeze(edge: Edge) -> None:
    """Once all is read: what is there now stays for long, and the collector of cycles need not walk through it again and again."""
    await edge.tail.ready.wait()
    gc.collect()
    gc.freeze()
    await asyncio.Event().wait()


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


def main(settings: EdgeSettings, begin: Begin | None = None) -> int:
    """Run an edge as a process of its own; returns the exit code. Raises `Failure`."""
    allow_many_sockets()
    uvloop.run(run(settings, begin=begin))
    return 0
