"""The receiver of webhooks: signed deliveries in, events out. Composition root of `anabranch webhook`."""

import asyncio
import hashlib
import hmac
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from msgspec import Struct
from pydantic import SecretStr
from starlette.exceptions import HTTPException

from broker.connection import KafkaSettings
from connectors.publish import Publisher
from connectors.tracing import is_traceparent
from connectors.webhook.github import Delivery, Malformed, mapped, node_of
from connectors.webhook.seen import Seen
from schemas import problems
from schemas.failure import Failure, UsageFailure
from schemas.problems import Problem, ProblemType, document
from schemas.topics import TRACEPARENT

log = structlog.get_logger()
PATH: Final = "/github"
_MAX_NAME: Final = 128
_DAY_MS: Final = 24 * 3600 * 1000
_BY_STATUS: Final[dict[int, ProblemType]] = {404: problems.NOT_FOUND, 405: problems.METHOD}


class Limits(Struct, frozen=True):
    """Bounds. keep_days: so long a delivery is remembered. ack_timeout_s: so long Kafka may take."""

    body_bytes: int = 1024 * 1024
    keep_days: int = 7
    ack_timeout_s: float = 8.0


class Refused(Exception):  # noqa: N818  because it is an answer
    """Ends a request with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.type.code)
        self.problem = problem


class Receiver:
    """Takes one delivery after the other."""

    def __init__(self, secret: SecretStr, publisher: Publisher, seen: Seen, limits: Limits) -> None:
        self._secret = secret.get_secret_value().encode()
        self._publisher = publisher
        self._seen = seen
        self._limits = limits
        self._turn = asyncio.Lock()

    async def take(self, request: Request) -> dict[str, Any]:
        """Return the answer to a delivery; nothing of it is read before its signature is right. Raises `Refused`."""
        body = await self._body(request)
        signature = self._signed(request.headers.get("x-hub-signature-256", ""), body)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refused(Problem(problems.MEDIA_TYPE, "Choose the content type application/json where the webhook is set up."))
        name, kind = request.headers.get("x-github-delivery", ""), request.headers.get("x-github-event", "")
        if not 0 < len(name) <= _MAX_NAME or not 0 < len(kind) <= _MAX_NAME:
            raise Refused(Problem(problems.INVALID_REQUEST, "X-GitHub-Delivery and X-GitHub-Event say which delivery it is."))
        if kind == "ping":
            return {"status": "pong"}
        async with self._turn:
            return await self._deliver(Delivery(name, kind, _payload(body)), signature, _trace(request))

    async def _deliver(self, delivery: Delivery, signature: str, trace: str | None) -> dict[str, Any]:
        names = (f"id:{delivery.id}", signature)
        if self._seen.knows(*names):
            return {"status": "duplicate", "events": 0}
        now_ms = int(time.time() * 1000)
        try:
            node_id = node_of(delivery)
            found = mapped(delivery, self._seen.issue(node_id), now_ms)
        except (Malformed, msgspec.ValidationError) as error:
            raise Refused(Problem(problems.INVALID_CHANGE, str(error))) from None
        if found.events:
            await self._write(found.events, trace)
        self._seen.take(names, found.node_id, found.issue, now_ms)
        log.info("webhook_delivery_taken", delivery=delivery.id, kind=delivery.kind, events=len(found.events))
        return (
            {"status": "ignored", "events": 0, "reason": found.ignored}
            if found.ignored
            else {"status": "taken", "events": len(found.events)}
        )

    async def _write(self, events: list[Any], trace: str | None) -> None:
        try:
            async with asyncio.timeout(self._limits.ack_timeout_s):
                await self._publisher.write(*events, traceparent=trace)
        except (Failure, TimeoutError):
            log.warning("webhook_log_unavailable")
            raise Refused(Problem(problems.LOG_UNAVAILABLE, "Deliver it again; nothing counts twice.", retry_after_ms=5000)) from None

    async def _body(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limits.body_bytes:
                raise Refused(Problem(problems.TOO_LARGE, f"A delivery has at most {self._limits.body_bytes} bytes here."))
            parts.append(part)
        return b"".join(parts)

    def _signed(self, header: str, body: bytes) -> str:
        """Return the signature if it is right. Compared in constant time: how long it takes says nothing about the right one."""
        right = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right.encode(), header.encode(errors="replace")):
            log.warning("webhook_signature_refused", given=bool(header))
            raise Refused(Problem(problems.SIGNATURE, "Set the same secret here and where the webhook is set up."))
        return right


def receiver_app(receiver: Receiver) -> FastAPI:
    """Return the application: `POST /github`, `GET /healthz`, and a problem for everything else."""
    app = FastAPI(title="anabranch webhook", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post(PATH)
    async def github(request: Request) -> Response:
        return JSONResponse(await receiver.take(request), 202)

    @app.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> Response:
        return _answer(error.problem)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        return _answer(Problem(_BY_STATUS.get(error.status_code, problems.INVALID_REQUEST), f"Deliveries go to POST {PATH}."))

    @app.exception_handler(Exception)
    async def internal(_request: Request, _error: Exception) -> Response:
        return _answer(Problem(problems.INTERNAL))

    return app


async def run(bound: socket.socket, secret: SecretStr, settings: KafkaSettings, data: Path, listening: Callable[[], None]) -> None:
    """Receive on a bound socket until cancelled. Raises `Failure` when Kafka or the memory cannot be used."""
    limits = Limits()
    with closing(Seen(data / "webhook" / "seen.sqlite", limits.keep_days * _DAY_MS)) as seen:
        async with Publisher(settings) as publisher:
            app = receiver_app(Receiver(secret, publisher, seen, limits))
            server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False))
            serving = asyncio.create_task(server.serve([bound]))
            bound.listen()  # uvicorn does so in a moment; who is told now that it listens must not be refused until then
            listening()
            try:
                await asyncio.shield(serving)
            finally:
                server.should_exit = True
                await serving


class _Server(uvicorn.Server):
    """uvicorn whose signals are the process's business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket. Raises `UsageFailure` for a port that cannot be had."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageFailure(f"Port {port} on {host} cannot be used ({error.strerror}): stop what uses it, or choose another.") from None
    return bound


def _trace(request: Request) -> str | None:
    """Return the trace that a proxy before us has begun; what is none begins none, as W3C Trace Context wants it."""
    given = request.headers.get(TRACEPARENT, "")
    return given if is_traceparent(given) else None


def _payload(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Problem(problems.INVALID_JSON, str(error))) from None


def _answer(problem: Problem) -> Response:
    body, headers = document(problem)
    return Response(msgspec.json.encode(body), problem.type.status, headers, "application/problem+json")
