"""Problems as HTTP answers (RFC 9457), for our own refusals and for the framework's."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.headers import SAFE
from schemas import problems
from schemas.problems import Problem, ProblemType, document

_encode = msgspec.json.Encoder().encode
Body = TypeVar("Body", bound=BaseModel)


class Refusal(Exception):  # noqa: N818  because it is an answer, not a fault of ours
    """Ends a request with a problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.type.code)
        self.problem = problem
        self.headers = headers or {}


def problem_response(problem: Problem) -> Response:
    """Return the answer of a problem: `application/problem+json`, with `Retry-After` where it helps."""
    body, headers = document(problem)
    return Response(_encode(body), problem.type.status, headers, "application/problem+json")


def read_as(model: type[Body], body: bytes) -> Body:
    """Return what a body says. Raises `Refusal`, naming the fields that cannot be used."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(_invalid(error)) from None


def _invalid(error: ValidationError | RequestValidationError) -> Problem:
    errors = tuple(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return Problem(problems.INVALID_REQUEST, errors=errors)


_BY_STATUS: dict[int, ProblemType] = {
    401: problems.UNAUTHENTICATED,
    403: problems.FORBIDDEN,
    404: problems.NOT_FOUND,
    405: problems.METHOD,
    413: problems.TOO_LARGE,
}


def install(app: FastAPI) -> None:
    """Answer everything that goes wrong with a problem."""

    @app.exception_handler(Refusal)
    async def refusal(_request: Request, error: Refusal) -> Response:
        answer = problem_response(error.problem)
        answer.headers.update(error.headers)
        return answer

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        answer = problem_response(Problem(_BY_STATUS.get(error.status_code, problems.INVALID_REQUEST), str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: ClientDisconnect) -> Response:
        return problem_response(Problem(problems.TIMEOUT))  # nobody reads it: it was a peer's fault and no mistake of ours

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        return problem_response(_invalid(error))

    @app.exception_handler(Exception)
    async def internal(_request: Request, _error: Exception) -> Response:
        answer = problem_response(Problem(problems.INTERNAL))
        answer.headers.update(SAFE)  # the framework answers this outside of all middleware
        return answer
