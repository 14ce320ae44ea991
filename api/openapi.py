"""The description of the calls (OpenAPI): what the framework knows of them, with our problems in place of its own, and the token."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

from schemas.contract.answers import ProblemDocument

_PROBLEM: Final = {
    "description": "A problem (RFC 9457); `code` says which.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_FRAMEWORK_S: Final = ("HTTPValidationError", "ValidationError")
_OPEN: Final = frozenset({"/api/v2/login"})
"""Paths that need no token."""


def install(app: FastAPI) -> None:
    """Let the application describe itself so."""
    framework = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(framework())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # the framework's documented way


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FRAMEWORK_S:
        schemas.pop(name, None)
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, operation in _operations(document):
        operation["responses"].pop("422", None)
        operation["responses"] |= {"4XX": _PROBLEM, "5XX": _PROBLEM}
        if path not in _OPEN:
            operation["security"] = [{"token": []}]
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation
