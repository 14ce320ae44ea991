"""The built web client, served from one directory: HTML is asked for again each time, hashed assets never."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_MISSING: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>anabranch</title></head><body>
<h1>anabranch</h1><p>The edge runs, but the page is not built. Build it with <code>make web</code> and load this again.</p>
<p>The API answers under <code>/api/v2</code> (described at <a href="/docs">/docs</a>), WebSockets under <code>/ws/v2</code>.</p>
</body></html>"""


class Page(StaticFiles):
    """Static files with the headers that each kind needs."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; names under `assets/` contain a hash, so they never change."""
        response = await super().get_response(path, scope)
        response.headers.update(SECURITY_HEADERS)
        immutable = path.startswith("assets/") and response.status_code < 400  # noqa: PLR2004  because errors start at 400
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
        return response


def install(app: FastAPI, directory: Path) -> None:
    """Serve the page at `/`, or say how to build it. Comes after all other routes."""
    if (directory / "index.html").is_file():
        app.mount("/", Page(directory=directory, html=True))
        return

    @app.get("/", include_in_schema=False)
    async def missing() -> HTMLResponse:
        return HTMLResponse(_MISSING, headers=SECURITY_HEADERS | {"Cache-Control": "no-cache"})
