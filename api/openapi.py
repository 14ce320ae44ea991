"""The description of the calls (OpenAPI): what the framework knows of them, with our problems in place of its own, and the token.

Bodies that a route reads by itself, the framework knows nothing of: the route names them by `body`, and their schemas are added here.
"""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

from schemas.contract.answers import ProblemDocument
from schemas.contract.events import TaskChange
from schemas.http import BulkRequest, LoginRequest

_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final = {
    "description": "A problem (RFC 9457); `code` says which.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
}
_FRAMEWORK_S: Final = ("HTTPValidationError", "ValidationError")
_OPEN: Final = frozenset({"/api/v2/login"})
"""Paths that need no token."""


_FILLED: Final = "id, occurred_at, source and user_id are filled in where they are left out: a new UUIDv7, now, `user`, the caller."


def ref(name: str) -> dict[str, str]:
    """Return a reference to the schema of a body."""
    return {"$ref": _REF.format(model=name)}


def body(content: dict[str, dict[str, Any]], *, required: bool = True) -> dict[str, Any]:
    """Return what a route says of its body (`openapi_extra`). content: by media type."""
    return {"requestBody": {"required": required, "content": content}}


def bodies() -> dict[str, dict[str, Any]]:
    """Return the schemas of the bodies that routes read by themselves, and of what is in them."""
    found: dict[str, dict[str, Any]] = {}
    for model in (BulkRequest, LoginRequest, TaskChange):
        schema = model.model_json_schema(ref_template=_REF)
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    event = found.pop(TaskChange.__name__)
    needed = ["entity", "action", "project_id", "entity_id"]
    found["ChangeRequest"] = event | {"title": "ChangeRequest", "required": needed, "description": f"{event['description']}\n\n{_FILLED}"}
    return found


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
    schemas |= {name: schema for name, schema in bodies().items() if name not in schemas}
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template=_REF)
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
