"""The exchange of a one-time login code for a token."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.auth import mint
from api.edge import Edge, address_of
from api.now import now_ms
from api.problems import Refusal
from schemas.http import LoginAnswer, LoginRequest
from schemas.problems import LOGIN_CODE, Problem


def router(edge: Edge) -> APIRouter:
    """Return the route of the exchange."""
    routes = APIRouter(prefix="/api/v2", tags=["login"])

    @routes.post("/login")
    async def login(request: LoginRequest, connection: Request) -> JSONResponse:
        """Return a token for a code, once."""
        if (too_many := await edge.strangers.turn_away(address_of(connection))) is not None:
            raise Refusal(too_many)
        grant, secret = edge.codes.take(request.code), edge.trust.secret
        if grant is None or secret is None:
            raise Refusal(Problem(LOGIN_CODE, "ask for a new link: anabranch up prints one"))
        token = mint(secret, grant.user, grant.projects, grant.ttl_s)
        expires = datetime.fromtimestamp(now_ms() // 1000 + grant.ttl_s, UTC).isoformat().replace("+00:00", "Z")
        answer = LoginAnswer(token=token, expires_at=expires, user=grant.user)
        return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})

    return routes
