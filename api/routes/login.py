"""The exchange of a one-time login code for a token."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api import openapi
from api.auth import mint
from api.edge import Edge, address_of
from api.now import now_ms
from api.problems import Refusal, read_as
from schemas.http import LoginAnswer, LoginRequest
from schemas.problems import LOGIN_CODE, Problem

_BODY: Final = openapi.body({"application/json": {"schema": openapi.ref("LoginRequest")}})


def router(edge: Edge) -> APIRouter:
    """Return the route of the exchange."""
    routes = APIRouter(prefix="/api/v2", tags=["login"])

    @routes.post("/login", responses={200: {"model": LoginAnswer}}, openapi_extra=_BODY)
    async def login(request: Request) -> JSONResponse:
        """Return a token for a code, once."""
        if (too_many := await edge.strangers.turn_away(address_of(request))) is not None:
            raise Refusal(too_many)
        asked = read_as(LoginRequest, await edge.body(request))
        grant, secret = edge.codes.take(asked.code), edge.trust.secret
        if grant is None or secret is None:
            raise Refusal(Problem(LOGIN_CODE, "ask for a new link: anabranch up prints one"))
        token = mint(secret, grant.user, grant.projects, grant.ttl_s)
        expires = datetime.fromtimestamp(now_ms() // 1000 + grant.ttl_s, UTC).isoformat().replace("+00:00", "Z")
        answer = LoginAnswer(token=token, expires_at=expires, user=grant.user)
        return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})

    return routes
