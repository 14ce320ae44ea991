"""The private port: /healthz (alive), /readyz (restored and assigned), /metrics."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST


@dataclass(frozen=True)
class State:
    """What the worker says about itself. problem: why it is not healthy. partitions: their ends, by number, with windows and store.

    instance: its name. standbys: partitions of others whose rows it keeps. restoring: its own whose rows are not there yet.
    """

    ready: bool
    kafka_up: bool
    problem: str | None
    partitions: dict[int, dict[str, int]]
    instance: str = ""
    standbys: tuple[int, ...] = ()
    restoring: tuple[int, ...] = ()


class HealthServer:
    """Serves until `stop`. port 0 picks a free one; `port` is the real one after `start`."""

    def __init__(self, host: str, port: int, state: Callable[[], State], registry: CollectorRegistry) -> None:
        self._host = host
        self.port = port
        self._state = state
        self._registry = registry
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises `OSError` when the port is taken."""
        app = web.Application()
        app.add_routes([web.get("/healthz", self._health), web.get("/readyz", self._readiness), web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        addresses = self._runner.addresses
        self.port = int(addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        state = self._state()
        return _answer(state, ok=state.problem is None)

    async def _readiness(self, _request: web.Request) -> web.Response:
        state = self._state()
        return _answer(state, ok=state.ready and state.problem is None)

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(state: State, *, ok: bool) -> web.Response:
    body: dict[str, Any] = {
        "ready": state.ready,
        "kafka_up": state.kafka_up,
        "problem": state.problem,
        "instance": state.instance,
        "standbys": state.standbys,
        "restoring": state.restoring,
        "partitions": {str(number): ends for number, ends in sorted(state.partitions.items())},
    }
    return web.Response(text=json.dumps(body), content_type="application/json", status=200 if ok else 503)
