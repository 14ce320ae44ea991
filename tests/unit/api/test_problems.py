"""Problems as answers."""

import httpx
import pytest
from fastapi import FastAPI

from api.headers import SAFE, SafeHeaders
from api.problems import Refusal, install, read_as
from schemas.http import LoginRequest
from schemas.problems import RATE, Problem


def app() -> FastAPI:
    """Return an application that fails in each way."""
    made = FastAPI()
    install(made)
    made.add_middleware(SafeHeaders)

    @made.get("/refused")
    async def refused() -> None:
        raise Refusal(Problem(RATE, retry_after_ms=1_500), {"RateLimit": "left"})

    @made.get("/mistake")
    async def mistake() -> None:
        raise ZeroDivisionError("what only the log may hold")

    @made.get("/read")
    async def read(body: str) -> dict[str, str]:
        return {"code": read_as(LoginRequest, body.encode()).code}

    return made


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "headers"),
    [
        ("GET", "/refused", 429, "rate", {"retry-after": "2", "ratelimit": "left"}),
        ("GET", "/nothing", 404, "not-found", {}),
        ("POST", "/refused", 405, "method-not-allowed", {"allow": "GET"}),
        ("GET", "/mistake", 500, "internal", {}),
        ("GET", "/read", 422, "invalid-request", {}),
        ("GET", '/read?body={"code":""}', 422, "invalid-request", {}),
        ("GET", "/read?body=[", 422, "invalid-request", {}),
    ],
)
async def test_what_goes_wrong_is_a_problem(method: str, path: str, status: int, code: str, headers: dict[str, str]) -> None:
    """As RFC 9457 has it, with the headers that HTTP asks for beside it (RFC 9110 section 15.5.6 for `Allow`)."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app(), raise_app_exceptions=False), base_url="http://edge") as client:
        answer = await client.request(method, path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["code"], bool(problem.get("errors"))) == (status, code, status == 422)
    safe = {name.lower(): value for name, value in SAFE.items()}
    assert (headers | safe).items() <= dict(answer.headers).items()
    assert "only the log" not in answer.text


def test_a_body_that_can_be_read_is() -> None:
    """Unknown fields are ignored."""
    assert read_as(LoginRequest, b'{"code": "c", "more": 1}').code == "c"
