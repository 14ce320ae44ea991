"""The private port: health, metrics, login codes. Never reachable from where browsers are."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import problems
from api.edge import Edge
from api.problems import Refusal
from api.settings import is_local
from schemas.http import CodeAnswer, CodeRequest
from schemas.problems import NOT_FOUND, ORIGIN, Problem


def private_app(edge: Edge, public_url: str) -> FastAPI:
    """Return the application of the private port."""
    app = FastAPI(title="anabranch edge, private", openapi_url=None)
    problems.install(app)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Answer as long as the process works; a broker outage is no reason to end it."""
        return JSONResponse({"status": "ok"})

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 200 once both topics were read up to the ends noted at the start, and the public port is open."""
        ready = edge.open.is_set() and edge.tail.ready.is_set() and not edge.connections.closing
        places = {str(partition): {"applied": place.applied, "through": place.through} for partition, place in edge.hub.places.items()}
        return JSONResponse({"ready": ready, "partitions": places}, 200 if ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Return all metrics in Prometheus' text format."""
        edge.meters.rows.set(edge.replica.rows)
        return Response(generate_latest(edge.meters.registry), media_type=CONTENT_TYPE_LATEST)

    @app.post("/login-codes")
    async def login_codes(request: CodeRequest, origin: Annotated[str | None, Header()] = None) -> JSONResponse:
        """Make a one-time login code. Not for browsers: no page can get at one, whatever name it gives this address."""
        if origin is not None:
            raise Refusal(Problem(ORIGIN))
        if edge.trust.secret is None or not is_local(edge.settings.private_host):
            raise Refusal(Problem(NOT_FOUND, "login codes are made in development only, on a private port of this machine"))
        code, grant = edge.codes.make(request.user, request.projects, request.ttl_s)
        until = datetime.fromtimestamp(grant.until, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return JSONResponse(CodeAnswer(code=code, login_url=f"{public_url}/#code={code}", expires_at=until).model_dump())

    return app
